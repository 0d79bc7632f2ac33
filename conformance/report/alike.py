"""Divergences that are one and the same on several backends, shown once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from conformance.report.divergences import DivergenceView, Expectation
from conformance.report.marks import Mark
from conformance.report.values import OutcomeView, Shown

Names = tuple[str, ...]


@dataclass(frozen=True)
class Why:
    """Why a divergence is there, and why it is accepted if it is; with the columns that it is said of."""

    names: Names
    explanation: str
    expectation: Expectation | None


@dataclass(frozen=True)
class Actual:
    """What came, where it first differs, and the columns on which it did."""

    names: Names
    outcome: OutcomeView
    where: str


@dataclass(frozen=True)
class Group:
    """A case of a clause with one expected outcome, and the divergences from it, one a column."""

    members: tuple[DivergenceView, ...]

    @property
    def first(self) -> DivergenceView:
        """The one whose clause, case and expected outcome are those of all."""
        return self.members[0]

    @property
    def mark(self) -> Mark:
        """The mark of all."""
        return self.first.mark

    @property
    def case(self) -> tuple[Shown, ...]:
        """The smallest case."""
        return self.first.case

    @property
    def laws(self) -> Names:
        """The claims of all laws that meet it."""
        return tuple(dict.fromkeys(law for one in self.members for law in one.laws))

    @property
    def points(self) -> Names:
        """The labels of the points."""
        return tuple(dict.fromkeys(one.point for one in self.members if one.point))

    @property
    def whys(self) -> tuple[Why, ...]:
        """Each explanation once."""
        return tuple(
            Why(names, *said) for names, said in self._each(lambda one: (_said(one), one.expectation))
        )

    @property
    def actuals(self) -> tuple[Actual, ...]:
        """Each outcome once."""
        return tuple(Actual(names, *came) for names, came in self._each(lambda one: (one.actual, one.where)))

    def _each(
        self, told: Callable[[DivergenceView], tuple[Any, ...]]
    ) -> Iterable[tuple[Names, tuple[Any, ...]]]:
        """What is told of the members, each once, with the columns that it is told of."""
        found: dict[tuple[Any, ...], list[str]] = {}
        for one in self.members:
            found.setdefault(told(one), []).append(one.column.key)
        return [(tuple(names), said) for said, names in found.items()]


def groups_of(divergences: Iterable[DivergenceView]) -> tuple[Group, ...]:
    """The divergences in their order; those with one clause, mark, case and expected outcome together."""
    found: dict[Any, list[DivergenceView]] = {}
    for one in divergences:
        found.setdefault((one.clause, one.mark.key, one.case, one.expected, one.expected_by), []).append(one)
    return tuple(Group(tuple(members)) for members in found.values())


def _said(one: DivergenceView) -> str:
    """What a divergence says beside the reason of its expectation."""
    said = one.explanation or one.reason
    return "" if one.expectation and said == one.expectation.reason else said
