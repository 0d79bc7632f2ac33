"""Find the cases of the porting guide anew, and write them; by the reference alone.

python -m conformance.porting [CHAPTER…]: of these chapters, or of all.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from backends.codec import to_json
from conformance.divergence import literal, plain, point_of
from conformance.judge import Judge, says
from conformance.law import load_laws
from conformance.minimize import simplify
from conformance.porting import CASES, Pair, pairs
from conformance.rivals import Inputs, drawn, parted, size, unlike
from reference.clause import READINGS
from reference.errors import Refused
from reference.outcomes import AnyOf, Setting

MOST_EXAMPLES = 4
FILLS = 4
_JUDGE = Judge("suite", None, Setting())

Kind = tuple[tuple[str, str], tuple[str, str]]


def entries(clause: str) -> list[dict[str, Any]]:
    """One entry for each pair, with the smallest case for each two points that part."""
    wanted = pairs(clause)
    laws = [law for law in load_laws().values() if law.clause == clause and wanted]
    cases = [case for law in laws for s in drawn(law, 100, 0) for case in s.cases(FILLS)]
    return [_entry(clause, pair, cases) for pair in wanted]


def _entry(clause: str, pair: Pair, cases: list[Inputs]) -> dict[str, Any]:
    smallest: dict[Kind, Inputs] = {}
    for case in cases:
        if unlike(*pair, case):
            kind = _kind(pair, case)
            if kind not in smallest or _rank(case) < _rank(smallest[kind]):
                smallest[kind] = case
    found = [(kind, _simplified(pair, kind, case)) for kind, case in smallest.items()]
    found.sort(key=lambda one: (not parted(*pair, one[1]), _oddity(one[0][1]), _rank(one[1])))
    return {
        "clause": clause,
        "readings": [reading.name for reading in pair],
        "examples": [
            {"points": kind[0], "strict": parted(*pair, case), "case": to_json(case)}
            for kind, case in found[:MOST_EXAMPLES]
        ],
    }


def _kind(pair: Pair, case: Inputs) -> Kind:
    """The points that the two readings go through last, and what sort of outcome each gives."""
    first, second = (point_of(reading, case, _JUDGE) for reading in pair)
    one, other = (_sort(says(reading, case, Setting())) for reading in pair)
    return (first, second), (one, other)


def _sort(said: Any) -> str:
    if isinstance(said, AnyOf):
        return "open"
    if isinstance(said, Refused):
        return "refusal"
    return "nan" if "nan" in literal(plain(said)["value"]) else "value"


def _oddity(sorts: tuple[str, str]) -> int:
    """What tells a reader less comes later: a refusal, what is open, NaN."""
    return sum(sort != "value" for sort in sorts)


def _simplified(pair: Pair, kind: Kind, case: Inputs) -> Inputs:
    def still(simpler: Inputs) -> Inputs | None:
        apart = unlike(*pair, simpler) and parted(*pair, simpler) == strict
        return simpler if apart and _kind(pair, simpler) == kind else None

    strict = parted(*pair, case)
    return simplify(case, still)


def _rank(case: Inputs) -> tuple[Any, ...]:
    """Small cases first, but those with empty arrays last."""
    return _empty(case), size(case)


def _empty(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.size == 0
    if isinstance(value, dict):
        return any(map(_empty, value.values()))
    return isinstance(value, (list, tuple)) and any(map(_empty, value))


def main(chapters: list[str]) -> None:
    """Write the file, clause by clause, with progress."""
    kept = json.loads(CASES.read_text(encoding="utf-8")) if chapters else []
    found: list[dict[str, Any]] = []
    for clause in READINGS:
        looked_at = not chapters or clause.partition(".")[0] in chapters
        of_clause = entries(clause) if looked_at else [one for one in kept if one["clause"] == clause]
        if of_clause and looked_at:
            told = sum(bool(entry["examples"]) for entry in of_clause)
            print(f"{clause}: {told} of {len(of_clause)} pairs told apart", flush=True)
        found += of_clause
    lines = ",\n".join(json.dumps(entry, allow_nan=False) for entry in found)
    CASES.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
