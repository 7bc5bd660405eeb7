"""The query language: what lines mean, what is said of mistakes, and what holds for any line at all."""

from __future__ import annotations

import os

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from searchengine.errors import QueryError
from searchengine.searching.expression import And, Expression, Field, Like, Not, Or, Text, printed
from searchengine.searching.fields import EXAMPLES
from searchengine.searching.query import DEEPEST, canonical, parse

PIECES = [
    *("two", "dogs", "on", "a", "beach", "don't", "mother-in-law", "10:30", "note:", "https://a.b/c?d", "😀", "해변"),
    *("OR", "AND", "NOT", "or", "-", "--", "(", ")", '"', "“", "”", "^", "^2", "^0.5", "beach^3", "\\", '\\"', "'"),
    *('"birthday cake"', "-people", '-"a b"', "like:3", 'like:"my photo.jpg"^2', "like:IMG(1).jpg", "tag:dog", "tag:"),
    *('camera:"Canon EOS"', "folder:Trips/2019", "folder:~", "folder:~nobody/x", "is:raw", "is:red", "date:2019-07"),
    *("date:2019..2021", "date:..", "date:2021..2019", "date:0000", "date:9999", "near:48.85,2.35,10km", "near:91,0,1"),
    *("width:>4000", "width>4", "height:..9", "caption:x", "album:y", "teg:z", "é", "\x1c", "\u2003", "\0", ":", "a:"),
    *("height", "-width", "(width)", "-(height)", "=x", ">3", "<"),
]

lines = st.one_of(
    st.text(),
    st.text(st.characters(codec=None)),  # with halves of surrogate pairs, as bytes of a command line become
    st.lists(st.sampled_from(PIECES)).map(" ".join),
    st.lists(st.sampled_from(PIECES)).map("".join),
)


@settings(max_examples=400, deadline=None)
@given(lines)
@example("NOT height  =x")
@example("NOT height AND =x")
@example("-(width) >3")
@example("width\x1c >3")
def test_any_line_is_understood_or_its_mistake_is_pointed_at(line: str) -> None:
    try:
        expression = parse(line)
    except QueryError as error:
        mistake = error
    else:
        assert parse(printed(expression)) == expression
        return
    assert 0 <= mistake.position <= len(line)
    assert mistake.what
    assert mistake.suggestion
    assert mistake.pointed.count("\n") == 1


words = st.sampled_from(["two dogs", "beach", "height", "=x", "don't", "10:30", "it's a: dog"])
weights = st.sampled_from([1.0, 2.0, 0.5])
atoms = st.one_of(
    st.builds(Text, words, st.just(False), weights),
    st.builds(Text, st.text(min_size=1).filter(str.strip), st.just(True), weights),
    st.builds(Like, st.text(min_size=1).filter(str.strip), weights),
    st.sampled_from([Field("tag", "our dog"), Field("date", "2019.."), Field("width", ">=10"), Field("camera", "a)b")]),
)


def grown(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=4).map(tuple)
    return st.one_of(
        inner.filter(lambda part: not isinstance(part, Not)).map(Not),
        several.filter(lambda parts: not any(isinstance(part, And) for part in parts)).map(And),
        several.filter(lambda parts: not any(isinstance(part, Or) for part in parts)).map(Or),
    )


@settings(max_examples=200, deadline=None)
@given(st.recursive(atoms, grown, max_leaves=12))
def test_what_is_printed_means_the_same(expression: Expression) -> None:
    assert parse(printed(expression)) == expression


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("two dogs on a beach", Text("two dogs on a beach")),
        ('"birthday cake" -people', And((Text("birthday cake", phrase=True), Not(Text("people"))))),
        ("“birthday cake”", Text("birthday cake", phrase=True)),
        (r'"a \"quoted\" \\ word"', Text(r'a "quoted" \ word', phrase=True)),
        ("beach^2 sunset", And((Text("beach", weight=2), Text("sunset")))),
        ("(sunny beach)^2", Text("sunny beach", weight=2)),
        ("a AND b", And((Text("a"), Text("b")))),
        ("-a b", And((Not(Text("a")), Text("b")))),
        ("NOT NOT a", Text("a")),
        ("a OR b c", Or((Text("a"), Text("b c")))),
        ("(a OR b) OR c", Or((Text("a"), Text("b"), Text("c")))),
        ("or and not", Text("or and not")),
        ('like:"my photo.jpg"^2', Like("my photo.jpg", weight=2)),
        ("TAG:dog", Field("tag", "dog")),
        ('camera:"Canon EOS"', Field("camera", "Canon EOS")),
        ("mother-in-law at 10:30", Text("mother-in-law at 10:30")),
        ("don't: https://example.org/a?b", Text("don't: https://example.org/a?b")),
        ("5°C 😀 해변의 개", Text("5°C 😀 해변의 개")),
    ],
)
def test_lines_mean_what_a_person_expects(line: str, meaning: Expression) -> None:
    assert parse(line) == meaning


@pytest.mark.parametrize("line", ["NOT height AND =x", "-(width) >3"])
def test_a_side_that_must_not_be_named_stays_apart_from_a_sign_behind_it(line: str) -> None:
    assert parse(canonical(line)) == parse(line)


@pytest.mark.parametrize("line", EXAMPLES.values())
def test_every_field_takes_its_own_example(line: str) -> None:
    assert canonical(line) == line


@pytest.mark.parametrize(
    ("line", "position", "said"),
    [
        ("dogs dte:2019", 5, "date:"),
        ("before:2019", 0, "date:..2019"),
        ("dogs foo:bar", 5, 'in quotes: "foo:bar"'),
        ("a date:2019-13", 7, "2019-07-14"),
        ("date:2021..2019", 5, "date:2019..2021"),
        ("is:red", 3, "duplicate"),
        ("near:48,2", 5, "near:48.85,2.35,10km"),
        ("width:big", 6, "width:>4000"),
        ("width>4000", 5, "width:>4000"),
        ("width  >4000", 5, "width:>4000"),
        ("tag: dog", 4, "tag:dog"),
        ("tag:dog^2", 7, "no weight"),
        ('a "b c', 2, "isn't closed"),
        ("a (b", 2, "isn't closed"),
        ("a) b", 1, "closes nothing"),
        ("()", 1, "between the parentheses"),
        ("a OR", 4, "at the end"),
        ("OR a", 0, 'in quotes: "OR"'),
        ("Paris - Louvre", 6, "minus"),
        ("beach^", 5, "beach^2"),
        ("beach^1000", 5, "0.01 to 100"),
        ('""', 0, "between these quotes"),
        ("  ", 2, "Nothing was asked for"),
    ],
)
def test_a_mistake_is_pointed_at_with_what_to_do(line: str, position: int, said: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(line)
    assert caught.value.position == position
    assert said in str(caught.value)


def test_the_caret_stands_below_the_mistake_in_any_script() -> None:
    with pytest.raises(QueryError) as caught:
        parse("해변 teg:x")
    line, caret = caught.value.pointed.splitlines()
    assert (line, caret) == ("해변 teg:x", "     ^")  # such a letter is as wide as two


def test_a_path_that_no_file_can_have_is_a_mistake() -> None:
    with pytest.raises(QueryError, match="no folder"):
        parse(f"folder:{os.sep}\ud800")


@pytest.mark.parametrize(
    ("line", "position"),
    [
        ("caf\udce9 cat", 3),
        ('a "caf\udce9"', 6),
        ("-\ud83d", 1),
        ("camera:x\udce9", 8),
        ("album:\udce9", 6),
        ("folder:caf\udce9", 10),
        ("beach\udce9^2", 5),
    ],
)
def test_half_a_character_is_pointed_at(line: str, position: int) -> None:
    with pytest.raises(QueryError, match="half a character") as caught:
        parse(line)
    assert caught.value.position == position


@pytest.mark.skipif(os.name == "nt", reason="paths are bytes on POSIX alone")
def test_a_path_may_hold_bytes_that_are_no_characters() -> None:
    assert parse("like:caf\udce9.jpg") == Like("caf\udce9.jpg")
    assert parse(f"folder:{os.sep}caf\udce9") == Field("folder", f"{os.sep}caf\udce9")


def test_parentheses_without_end_are_a_mistake() -> None:
    assert parse("(" * DEEPEST + "a" + ")" * DEEPEST) == Text("a")
    with pytest.raises(QueryError, match="in one another"):
        parse("(" * 100_000)
