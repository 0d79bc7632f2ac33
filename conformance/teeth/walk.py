"""Every law on every reading, with the control as the backend: what coverage is measured over.

Run as a module in a process of its own, so that measuring begins before the reference is imported.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

from conformance.mutants.units import units


def walk(structures: int, seed: int, scope: tuple[str, ...], tell: Callable[[str], None]) -> int:
    """Run the laws of chapters or clauses, of all if none is named; how many cases that were."""
    chosen = [
        unit
        for unit in units(structures, seed)
        if not scope or {unit.law.clause, unit.law.clause.partition(".")[0]} & set(scope)
    ]
    cases, last = 0, time.monotonic()
    for number, unit in enumerate(chosen, 1):
        trial = unit.trial()
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            unit.run(trial, 0, len(unit.prepared))
        unit.forget()
        cases += trial.verdict.cases
        if time.monotonic() - last > 5:
            last = time.monotonic()
            tell(f"{number} of {len(chosen)} laws on readings, {cases} cases")
    return cases


if __name__ == "__main__":
    print(
        walk(
            int(sys.argv[1]),
            int(sys.argv[2]),
            tuple(sys.argv[3:]),
            lambda line: print(line, file=sys.stderr, flush=True),
        )
    )
