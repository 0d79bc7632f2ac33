"""How a state is shown: a sign and a word, so that color is never the only sign."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.verdict import State, Verdict


@dataclass(frozen=True)
class Mark:
    """A state as the page shows it; `key` is its CSS class and its name in the filter."""

    key: str
    sign: str
    word: str
    meaning: str


FAIL = Mark(
    "fail", "✗", "fail", "A case on which the backend breaks the law, and no expectation accounts for it."
)
ERROR = Mark(
    "error", "!", "error", "A crash, a time-out or a fault of the harness: nothing was learned of the law."
)
INCONCLUSIVE = Mark(
    "inconclusive",
    "?",
    "inconclusive",
    "The bound is wider than what it should tell apart, or the draws too few.",
)
EXPECTED = Mark(
    "expected",
    "≠",
    "expected fail",
    "The backend breaks the law just as a reviewed expectation says it does.",
)
NOT_RUN = Mark("not-run", "○", "not run", "No verdict was written. It never counts as pass.")
UNSUPPORTED = Mark(
    "unsupported", "⊘", "unsupported", "The backend cannot do the operation; the reason stands beside it."
)
PASS = Mark("pass", "✓", "pass", "No divergence was found in the cases that were run. It is no proof.")
NOT_APPLICABLE = Mark(
    "not-applicable",
    "\N{EN DASH}",
    "not applicable",
    "The dialect of the backend does not state the clause. It never counts as pass.",
)

MARKS = (FAIL, ERROR, INCONCLUSIVE, EXPECTED, NOT_RUN, UNSUPPORTED, PASS, NOT_APPLICABLE)
"""All marks, the worst first."""

_BY_STATE = {
    State.FAIL: FAIL,
    State.ERROR: ERROR,
    State.INCONCLUSIVE: INCONCLUSIVE,
    State.NOT_RUN: NOT_RUN,
    State.UNSUPPORTED: UNSUPPORTED,
    State.PASS: PASS,
    State.NOT_APPLICABLE: NOT_APPLICABLE,
}


def mark_of(verdict: Verdict) -> Mark:
    """The mark of one verdict; a fail that is expected has a mark of its own."""
    if verdict.state is State.FAIL and verdict.expected:
        return EXPECTED
    return _BY_STATE[verdict.state]


def worst(marks: Iterable[Mark]) -> Mark:
    """The worst of the marks; without any, not run."""
    return min(marks, key=MARKS.index, default=NOT_RUN)
