"""Growth: how errors and their bounds grow from step to step of a law, drawn for each backend.

All panels of a law have the same axes, so that they can be laid side by side: steps to the right, and
upward the error, a line for each power of ten.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from conformance.report.columns import Column
from conformance.report.ledger import Ledger, sentence
from conformance.verdict import Verdict

LEFT, TOP, WIDE, HIGH, BELOW = 48, 20, 272, 150, 34
"""Place of a panel's axes in its drawing, their width and height, and the room below, in pixels."""


@dataclass(frozen=True)
class Text:
    """A word in a drawing, and where it stands."""

    words: str
    x: int
    y: int


@dataclass(frozen=True)
class Panel:
    """One backend: the data of two SVG paths, and what they say in words.

    share: the largest error ÷ bound of any element after any step.
    """

    column: Column
    error: str
    bound: str
    names: tuple[Text, Text]
    steps: int
    last: tuple[float, float]
    share: float

    @property
    def said(self) -> str:
        """What the drawing shows, for those who do not see it."""
        error, bound = self.last
        return (
            f"after {self.steps} steps the largest error is {error:.2g} and the largest bound {bound:.2g}; "
            f"no element used more than {self.share:.1%} of its bound after any step"
        )


@dataclass(frozen=True)
class Growth:
    """A law with a panel for each backend.

    lines: a height and a power of ten each; ticks: a place and a step each.
    """

    clause: str
    claim: str
    panels: tuple[Panel, ...]
    lines: tuple[Text, ...]
    ticks: tuple[Text, ...]
    width: int = LEFT + WIDE + 12
    height: int = TOP + HIGH + BELOW
    left: int = LEFT
    right: int = LEFT + WIDE
    bottom: int = TOP + HIGH


def growths_of(ledger: Ledger) -> tuple[Growth, ...]:
    """Every law that has kept how its errors grow."""
    columns = {column.key: column for column in ledger.columns}
    found: dict[tuple[str, str], list[tuple[Column, Verdict]]] = {}
    for (clause, key), verdicts in ledger.verdicts.items():
        for verdict in verdicts:
            if verdict.growth:
                found.setdefault((clause, verdict.law), []).append((columns[key], verdict))
    return tuple(_drawn(clause, law, of_law) for (clause, law), of_law in found.items())


def _drawn(clause: str, law: str, of_law: list[tuple[Column, Verdict]]) -> Growth:
    values = [value for _, verdict in of_law for step in verdict.growth for value in step[:2] if value > 0]
    low, high = math.floor(math.log10(min(values, default=1))), math.ceil(math.log10(max(values, default=10)))
    high = max(high, low + 1)
    most = max(len(verdict.growth) for _, verdict in of_law)

    def across(step: int) -> int:
        return LEFT + round(WIDE * (step - 1) / max(most - 1, 1))

    def up(value: float) -> int:
        exponent = math.log10(value) if value > 0 else low
        return TOP + round(HIGH * (high - exponent) / (high - low))

    def path(values: Iterable[float]) -> str:
        return "M" + "L".join(f"{across(step)} {up(value)}" for step, value in enumerate(values, 1))

    def panel(column: Column, steps: list[list[float]]) -> Panel:
        error, bound, _ = steps[-1]
        middle = steps[len(steps) // 2]
        names = Text("largest bound", LEFT + WIDE // 2, min(up(one[1]) for one in steps) - 6)
        below = max(up(one[0]) for one in steps[len(steps) // 4 :])
        beside = below + 16 if below + 16 < TOP + HIGH else up(middle[0]) - 10
        return Panel(
            column,
            path(one[0] for one in steps),
            path(one[1] for one in steps),
            (Text("largest error", LEFT + WIDE // 2, beside), names),
            len(steps),
            (error, bound),
            max(one[2] for one in steps),
        )

    every = max(1, (high - low + 5) // 6)
    return Growth(
        clause,
        sentence(law),
        tuple(panel(column, verdict.growth) for column, verdict in of_law),
        tuple(Text(f"1e{power}", LEFT, up(10.0**power)) for power in range(low, high + 1, every)),
        tuple(Text(str(step), across(step), TOP + HIGH + 16) for step in sorted({1, (most + 1) // 2, most})),
    )
