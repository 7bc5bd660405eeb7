"""Conditions that can be taken off a line, and what is left of it then."""

from __future__ import annotations

import pytest

from searchengine.errors import QueryError
from searchengine.searching.filters import Filter, filters
from searchengine.searching.query import canonical


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("two dogs", []),
        ("date:2019", [("date:2019", "")]),
        ("dog date:2019", [("date:2019", "dog")]),
        ("dog -IS:raw date:2019", [("-is:raw", "dog date:2019"), ("date:2019", "dog -is:raw")]),
        ('folder:"My Trips" dog', [('folder:"My Trips"', "dog")]),
        # What stood apart stays apart: "dog beach" is another text.
        ("dog date:2019 beach", [("date:2019", "dog AND beach")]),
        # Without one of these the answer would not only grow.
        ("tag:dog OR tag:cat", []),
        ("-(tag:dog date:2019)", []),
        ("(tag:dog OR tag:cat) date:2019", [("date:2019", "tag:dog OR tag:cat")]),
        ("like:12", []),
    ],
)
def test_each_is_told_with_the_line_without_it(line: str, expected: list[tuple[str, str]]) -> None:
    found = filters(line)
    assert found == tuple(Filter(*each) for each in expected)
    for each in found:
        assert not each.without or canonical(each.without) == each.without


def test_a_mistake_is_told() -> None:
    with pytest.raises(QueryError):
        filters("dog (")
