"""What is kept after a run of some chapters or clauses: their figures anew, those of the others as they were.

Each kind of figures is kept clause by clause, with the day and what it was measured with, and summed up.
What is no clause any more is dropped.
"""

from __future__ import annotations

import time
import zlib
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from reference import CHAPTERS
from reference.clause import clauses

SAMPLE = 8
"""How many mutants of each chapter the tests of the suite judge every time."""

Data = dict[str, Any]


def today() -> str:
    """The day of a measurement."""
    return time.strftime("%Y-%m-%d")


def soaks(before: Data | None, now: Data) -> Data:
    """Two soaks: of a clause that both have, the later one counts."""
    kept = (before or {}).get("clauses", {}) | now["clauses"]
    kept = {clause: kept[clause] for clause in clauses() if clause in kept}
    return {
        "suite": now["suite"],
        "cases": sum(part["cases"] for part in kept.values()),
        "rounds": min((part["rounds"] for part in kept.values()), default=0),
        "alarms": [alarm for part in kept.values() for alarm in part["alarms"]],
        "clauses": kept,
    }


def flakes(before: Data | None, now: Data) -> Data:
    """Two runs of one backend: of a chapter that both have, the later one counts."""
    kept = (before or {}).get("chapters", {}) | now["chapters"]
    kept = {chapter: kept[chapter] for chapter in CHAPTERS if chapter in kept}
    tried = sum((Counter(part["structures"]) for part in kept.values()), Counter[str]())
    return {
        "suite": now["suite"],
        "backend": now["backend"],
        "seeds": min(part["seeds"] for part in kept.values()),
        "structures": dict(sorted(tried.items(), key=lambda one: int(one[0]))),
        **{word: sum(part[word] for part in kept.values()) for word in ("laws", "cases")},
        "changed": [sentence for part in kept.values() for sentence in part["changed"]],
        "chapters": kept,
    }


def mutants(before: Data | None, now: Data, scope: Sequence[str] = ()) -> Data:
    """Two runs over mutants: of a clause that both have, or that lies in the later one's scope, that counts.

    scope: clauses and chapters that the later run was asked for.
    """
    anew = {row["clause"] for row in now["rows"]} | {*scope}
    both = partial(_both, before or {}, now, anew)
    rows = both("rows")
    total = [sum(cell[place] for row in rows for cell in row["cells"].values()) for place in range(4)]
    names = ("killed", "equivalent", "allowed")
    return {
        **{word: now[word] for word in ("suite", "operators")},
        "made": sum(total),
        **dict(zip(names, total[:3], strict=True)),
        "rows": rows,
        **{word: both(word) for word in ("survivors", "proofs")},
        "sample": _few(both("sample")),
    }


def points(before: Data | None, now: Data) -> Data:
    """Two runs that broke points: of a clause that both have, the later one counts."""
    anew = {row["clause"] for row in now["rows"]}
    return {
        "suite": now["suite"],
        **{word: _both(before or {}, now, anew, word) for word in ("rows", "unseen")},
    }


def _both(before: Data, now: Data, anew: set[str], word: str) -> list[Data]:
    """What two runs list under a word: of clauses and chapters that are there anew, the later one's."""
    kept = [one for one in before.get(word, []) if not {one["clause"], _chapter(one["clause"])} & anew]
    found = [one for one in (*kept, *now[word]) if _there(one["clause"])]
    return sorted(found, key=lambda one: _place(one["clause"]))


def _few(sample: list[Data]) -> list[Data]:
    """At most `SAMPLE` mutants a chapter, whichever clauses they come from."""
    seen: Counter[str] = Counter()
    kept = []
    for one in sorted(sample, key=lambda one: zlib.crc32(one["id"].encode())):
        chapter = one["clause"].partition(".")[0]
        seen[chapter] += 1
        if seen[chapter] <= SAMPLE:
            kept.append(one)
    return sorted(kept, key=lambda one: (_place(one["clause"]), one["id"]))


def detections(before: Data | None, now: Data, names: set[str]) -> Data:
    """Two measurements of miniatures, those that there are: of one that both have, the later one counts."""
    kept = (before or {}).get("miniatures", {}) | now["miniatures"]
    return {**now, "miniatures": {name: kept[name] for name in kept if name in names}}


def shares(counts: dict[str, int]) -> dict[str, float]:
    """The median, the nine tenths and the largest of numbers that are kept with how often each is there."""
    ordered = sorted(Counter({float(number): times for number, times in counts.items()}).elements())
    if not ordered:
        return {}
    return {
        "half": ordered[len(ordered) // 2],
        "nine tenths": ordered[len(ordered) * 9 // 10],
        "all": ordered[-1],
    }


def _there(clause: str) -> bool:
    """Whether there is such a clause, or such helpers of a chapter or of all."""
    chapter, _, name = clause.partition(".")
    return clause == "*" or (name == "*" and chapter in CHAPTERS) or clause in clauses()


def _chapter(clause: str) -> str:
    return clause.partition(".")[0]


def _place(clause: str) -> tuple[int, str]:
    chapter = clause.partition(".")[0]
    return (CHAPTERS.index(chapter) if chapter in CHAPTERS else len(CHAPTERS)), clause
