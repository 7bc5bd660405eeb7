"""Measured figures as a person reads them, those of `searchengine evaluate` and of `searchengine fine-tune`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from searchengine.cli.output import harmless

if TYPE_CHECKING:
    from searchengine.training.comparison import Comparison
    from searchengine.training.evaluation import Classification, Recall, Retrieval
    from searchengine.training.fine_tune import FineTuned


def retrieval_table(result: Retrieval) -> str:
    """Recall both ways, in percent."""

    def line(title: str, recall: Recall) -> str:
        return f"{title:<15}{_shares(recall)}{recall.median_rank:13.1f}"

    return "\n".join(
        [
            f"{result.photos:,} photos, {result.captions:,} captions{_left_out(result.problems)}",
            f"{'':<15}{'R@1':>10}{'R@5':>10}{'R@10':>10}{'median rank':>13}",
            line("text to image", result.text_to_image),
            line("image to text", result.image_to_text),
        ]
    )


def classification_table(result: Classification) -> str:
    """How many photos went to their class, in percent."""
    learnt = f", learnt from {result.learnt_from:,} others" if result.learnt_from else ""
    return "\n".join(
        [
            f"{result.photos:,} photos, {result.classes:,} classes{learnt}{_left_out(result.problems)}",
            f"top-1           {100 * result.top_1:6.1f} %",
            f"top-5           {100 * result.top_5:6.1f} %",
            f"mean per class  {100 * result.mean_per_class:6.1f} %",
        ]
    )


def fine_tuned_table(result: FineTuned) -> str:
    """How well the photos that a fine-tuning is judged by are found, before it and after."""
    way = f"{result.chosen_with:,} others, {100 * result.share:.0f} % of the way"
    lines = [
        f"learnt from {result.learnt_from:,} photos; chosen with {way}; judged by {result.judged_by:,} others:",
        f"{'':<24}{'R@1':>10}{'R@5':>10}{'R@10':>10}",
    ]
    for when, figures in (("before", result.before), ("after", result.after)):
        lines.append(f"{'text to image, ' + when:<24}{_shares(figures.text_to_image)}")
        lines.append(f"{'image to text, ' + when:<24}{_shares(figures.image_to_text)}")
    return "\n".join(lines)


def comparison_table(result: Comparison, names: Sequence[str]) -> str:
    """Both models' recall, what separates them in points, and what that comes to."""
    first, second = (harmless(name) for name in names)
    wide = [max(10, len(first) + 2), max(10, len(second) + 2)]
    lines = [
        f"{result.photos:,} photos, {result.captions:,} captions{_left_out(result.problems)}",
        f"{'':<18}{first:>{wide[0]}}{second:>{wide[1]}}{'difference':>12}   95 % interval",
    ]
    for row in result.differences:
        a, b, gain, low, high = (100 * share for share in (row.first, row.second, row.gain, row.low, row.high))
        lines.append(
            f"{row.measure:<18}{a:{wide[0] - 2}.1f} %{b:{wide[1] - 2}.1f} %{gain:+12.1f}   {low:+.1f} to {high:+.1f}"
        )
    return "\n".join([*lines, "", verdict(result, [first, second])])


def verdict(result: Comparison, names: Sequence[str]) -> str:
    """What a comparison comes to, in a sentence or two."""
    row = result.differences[0]  # R@1 from text to image, which is what searching is
    if result.better is None:
        ends = f"{100 * row.low:+.1f} to {100 * row.high:+.1f}"
        told = f"These photos don't tell the two apart: R@1 differs by {100 * row.gain:+.1f} (95 % interval {ends})."
    else:
        least, most = sorted((100 * abs(row.low), 100 * abs(row.high)))
        points = f"{100 * abs(row.gain):.1f} points higher (95 % interval {least:.1f} to {most:.1f})"
        told = f"{names[result.better]} finds more photos by their captions: its R@1 is {points}."
    few = " With so few photos the interval is too narrow to be trusted." if result.few else ""
    return told + few


def _shares(recall: Recall) -> str:
    """R@1, R@5 and R@10 in percent, a column each."""
    return "".join(f"{100 * share:8.1f} %" for share in (recall.at_1, recall.at_5, recall.at_10))


def _left_out(problems: Sequence[str]) -> str:
    return f"; {len(problems):,} left out" if problems else ""
