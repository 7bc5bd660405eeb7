"""What a run of the indexer did, in a few lines on standard error."""

from __future__ import annotations

from searchengine.cli.output import note
from searchengine.errors import printable
from searchengine.records import IndexReport

FAILURES_SHOWN = 10


def write_report(report: IndexReport) -> None:
    """The files that couldn't be read, the counts, and how quick it was."""
    write_failures(report)
    counts = {
        "added": report.added,
        "copied": report.copied,
        "moved": report.moved,
        "changed": report.changed,
        "unchanged": report.unchanged,
        "missing": report.missing,
        "offline": report.offline,
        "unreadable": report.unreadable,
        "not photos": report.not_photos,
    }
    always = {"added", "moved", "unchanged", "missing", "unreadable"}
    note(", ".join(f"{count:,} {word}" for word, count in counts.items() if count or word in always))
    if report.embedded:
        speed = report.embedded / max(report.seconds, 0.001)
        note(f"{report.embedded:,} photos embedded in {report.seconds:.1f} s, {speed:.1f} a second.")
    if report.interrupted:
        note("Stopped. What was done is kept; run the same command to go on.")


def write_failures(report: IndexReport) -> None:
    """The first of the files that couldn't be read in this run, each with its reason."""
    for failure in report.failures[:FAILURES_SHOWN]:
        note(f"unreadable: {printable(failure.path)}: {failure.reason}")
    if len(report.failures) > FAILURES_SHOWN:
        note(f"… and {len(report.failures) - FAILURES_SHOWN} more: `searchengine status --failures` lists all.")
