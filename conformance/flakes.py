"""Flakes: laws whose verdict on a backend depends on the seed.

The suite of a backend is run under many fresh seeds, and the verdicts are laid side by side. A law whose
verdict changes is to be mended, by a better strategy or a pinned case; it is never tried again until it is
green. Under the first seed a law gets few structures, under those that follow as many as it can try in a
fraction of a second, so that a verdict is also held against that of fewer and of more.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import conformance
from backends import choose
from conformance import minimize
from conformance.examine import Options, examine
from conformance.expectation import load
from conformance.handle import Handle, WorkerHandle
from conformance.law import Law, load_laws
from conformance.session import EXPECTATIONS
from conformance.teeth.scoped import today
from conformance.verdict import Verdict

FIRST = 3
"""Structures of a law under its first seed."""

SHARE = 0.25
"""Seconds that a law may take under each seed that follows; it gets one structure at least."""

Scope = tuple[str, ...]
"""Chapters; empty for all."""


@dataclass
class Flakes:
    """The verdicts of a backend's laws, by law and seed; cases in all; what a structure of each law takes.

    structures: the most that a law may get. most: the most that each law got under any seed.
    """

    backend: str
    structures: int
    cases: int = 0
    seconds: float = 0.0
    verdicts: dict[str, dict[int, str]] = field(default_factory=dict)
    reasons: dict[tuple[str, int], str] = field(default_factory=dict)
    most: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    pace: dict[str, float] = field(default_factory=dict)

    def add(self, line: dict[str, Any]) -> None:
        """Count one verdict."""
        self.cases += line["cases"]
        self.counted[line["law"]] += line["cases"]
        self.seconds += line["seconds"]
        self.verdicts.setdefault(line["law"], {})[line["seed"]] = line["verdict"]
        self.reasons[line["law"], line["seed"]] = line["reason"]
        self.pace[line["law"]] = line["seconds"] / line["tried"]
        self.most[line["law"]] = max(self.most[line["law"]], line["tried"])

    def few(self, law: str) -> int:
        """How many structures a law gets under the next seed."""
        if law not in self.pace:
            return min(FIRST, self.structures)
        return max(1, min(self.structures, int(SHARE / max(self.pace[law], 1e-6))))

    @property
    def changed(self) -> dict[str, dict[int, str]]:
        """The laws whose verdict is not the same under every seed."""
        return {law: seeds for law, seeds in self.verdicts.items() if len(set(seeds.values())) > 1}

    @property
    def seeds(self) -> int:
        """Seeds under which every law has a verdict."""
        return min((len(seeds) for seeds in self.verdicts.values()), default=0)

    def sentences(self) -> list[str]:
        """What has changed, a law a sentence."""
        found = []
        for law, seeds in self.changed.items():
            by: dict[str, list[int]] = {}
            for seed, verdict in sorted(seeds.items()):
                by.setdefault(verdict, []).append(seed)
            sides = [f"{verdict} under {', '.join(map(str, some))}" for verdict, some in by.items()]
            rare = min(by.values(), key=len)[0]
            reason = self.reasons[law, rare]
            found.append(f"{law}: {'; '.join(sides)}" + (f" (seed {rare}: {reason})" if reason else ""))
        return found

    def to_json(self) -> dict[str, Any]:
        """What was seen of each chapter, as `conformance.teeth.scoped` keeps it."""
        laws, chapters = load_laws(), dict[str, Flakes]()
        for law, seeds in self.verdicts.items():
            chapter = laws[law].clause.partition(".")[0]
            part = chapters.setdefault(chapter, Flakes(self.backend, self.structures))
            part.verdicts[law] = seeds
            part.cases += self.counted[law]
            part.most[law], part.counted[law] = self.most[law], self.counted[law]
            part.reasons |= {(law, seed): self.reasons[law, seed] for seed in seeds}
        return {
            "suite": conformance.__version__,
            "backend": self.backend,
            "chapters": {
                chapter: {
                    "measured": today(),
                    "seeds": part.seeds,
                    "structures": _counted(part.most[law] for law in part.verdicts if part.counted[law]),
                    "laws": len(part.verdicts),
                    "cases": part.cases,
                    "changed": part.sentences(),
                }
                for chapter, part in chapters.items()
            },
        }


def flakes(
    backend: str,
    seeds: int,
    structures: int,
    path: Path,
    tell: Callable[[str], None] = lambda sentence: None,
    scope: Scope = (),
) -> Flakes:
    """Run every law of the scope under the seeds that the file does not hold yet."""
    laws = _laws(scope)
    kept = read(path, backend, structures, {law.id for law in laws})
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = WorkerHandle(choose(backend), "cpu")
    known = {backend: load(EXPECTATIONS, backend)}
    tries, minimize.TRIES = minimize.TRIES, 0  # that a verdict differs is all that counts here
    try:
        with path.open("a", encoding="utf-8") as file:
            for seed in range(1, seeds + 1):
                left = [law for law in laws if seed not in kept.verdicts.get(law.id, {})]
                for law in left:
                    options = Options(kept.few(law.id), seed, shrinking=0.0, expectations=known)
                    line = _run(law, handle, options) | {"structures": structures}
                    kept.add(line)
                    file.write(json.dumps(line) + "\n")
                    file.flush()
                if left:
                    tell(
                        f"{backend}: seed {seed} of {seeds}, {kept.cases} cases, {len(kept.changed)} changed"
                    )
    finally:
        minimize.TRIES = tries
        handle.close()
    return kept


def read(path: Path, backend: str, structures: int, laws: set[str]) -> Flakes:
    """What a file holds of these laws on a backend, under this limit of structures."""
    kept = Flakes(backend, structures)
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            line = json.loads(text)
        except json.JSONDecodeError:  # the run was killed while it wrote
            continue
        if (line["backend"], line["structures"]) == (backend, structures) and line["law"] in laws:
            kept.add(line)
    return kept


def _counted(numbers: Iterable[int]) -> dict[str, int]:
    """How often each number is there, as `conformance.teeth.scoped.shares` reads it."""
    return {str(number): times for number, times in sorted(Counter(numbers).items())}


def _laws(scope: Scope) -> list[Law]:
    laws = [law for law in load_laws().values() if law.test.__module__.startswith("conformance.laws.")]
    return [law for law in laws if not scope or law.clause.partition(".")[0] in scope]


def _run(law: Law, handle: Handle, options: Options) -> dict[str, Any]:
    fewer = min(law.structures or options.structures, options.structures)
    verdict, _ = examine(replace(law, structures=fewer), handle, options)
    return {
        "backend": handle.choice.name,
        "seed": options.seed,
        "law": law.id,
        "verdict": _word(verdict),
        "tried": fewer,
        "cases": verdict.cases,
        "seconds": round(verdict.seconds, 3),
        "reason": verdict.reason if not verdict.expected else "",
    }


def _word(verdict: Verdict) -> str:
    return f"expected {verdict.state}" if verdict.expected else str(verdict.state)
