"""The verdict of a law on a backend, and everything that was counted on the way."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

Figure = tuple[str, float, float, float, float]
"""A name; what is predicted and what came, of the element that should be largest; the largest error of
any element, and the bound there."""


class State(StrEnum):
    """What came of a law on a backend. The last two are no verdicts, and never count as pass."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    UNSUPPORTED = "unsupported"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    NOT_APPLICABLE = "not applicable"
    NOT_RUN = "not run"


@dataclass
class Verdict:
    """One law on one backend.

    law: the test's name. clause, points: what it is bound to.
    reading: name of the reading that judged, None if the dialect states none.
    expected: a fail that an expectation accounts for.
    reason: a sentence, for every state but pass.
    structures, distinct: structures drawn, and how many of them differ; cases: fills of them.
    unsupported_cases: cases that the backend could not take, and `unsupported_reason` the first why.
    known_cases: cases on which the backend diverged just as an expectation says.
    seconds, backend_seconds: the law's time, and the part of it inside the backend.
    margin: the largest error ÷ bound of a case that agreed, None where nothing was bounded.
    margins: how many bounded cases had a margin in each tenth, the last for the top tenth.
    by_dtype: for each dtype of results the largest margin, then how many lie in each tenth.
    chance: of a law on random outcomes, how many draws and comparisons there were, the chance of a
        false alarm that they used up, and the least power against the wrong distributions that the
        law names.
    growth: of a law on steps, after each of them the largest error, the largest bound, and the largest
        error ÷ bound.
    figures: of a law that is shown in numbers, what was predicted and what came (`conformance.figures`).
    divergence: the record behind a fail, as JSON data.
    """

    law: str
    clause: str
    points: tuple[str, ...]
    backend: str
    dialect: str
    state: State = State.NOT_RUN
    reading: str | None = None
    expected: bool = False
    reason: str = ""
    structures: int = 0
    distinct: int = 0
    cases: int = 0
    unsupported_cases: int = 0
    unsupported_reason: str = ""
    known_cases: int = 0
    seconds: float = 0.0
    backend_seconds: float = 0.0
    margin: float | None = None
    margins: list[int] = field(default_factory=lambda: [0] * 10)
    by_dtype: dict[str, list[float]] = field(default_factory=dict)
    chance: dict[str, float] = field(default_factory=dict)
    growth: list[list[float]] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    divergence: dict[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """The verdict as a line of a run."""
        line = {"type": "verdict", **asdict(self), "state": self.state.value, "points": list(self.points)}
        for name in ("growth", "figures"):
            if not line[name]:
                del line[name]
        return line

    @classmethod
    def from_json(cls, line: dict[str, Any]) -> Verdict:
        """The verdict of a line of a run."""
        known = {k: v for k, v in line.items() if k != "type"}
        if strange := set(known) - {f.name for f in fields(cls)}:
            raise ValueError(f"unknown keys: {', '.join(sorted(strange))}")
        known |= {"state": State(line["state"]), "points": tuple(line["points"])}
        if "figures" in line:
            known["figures"] = [tuple(figure) for figure in line["figures"]]
        return cls(**known)

    @property
    def sentence(self) -> str:
        """The law's claim, from the test's name."""
        words = self.law.removeprefix("test_").replace("_", " ")
        return words[:1].upper() + words[1:]
