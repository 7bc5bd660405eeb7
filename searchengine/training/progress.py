"""How far a long piece of work is, told to whoever shows it. Nothing is printed here."""

from __future__ import annotations

from collections.abc import Callable

Tell = Callable[[str, int, int, str], None]
"""Called with what is being done ("pictures"), how much is done, how much there is, and a remark ("loss 2.31")."""


def untold(stage: str, done: int, whole: int, remark: str) -> None:
    """For whoever doesn't want to know."""
