"""What can be seen of a mutant that no law has killed: case by case, beside the reading itself.

It is looked at twice: as a backend, in the dtype under test, and as an oracle, in float64, with the
bounds, the infinities and the open outcomes that it would accept.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from backends.base import Outcome
from conformance.mutants.plan import Mutant
from conformance.mutants.swap import Accepted, Hang, swapped
from conformance.mutants.units import Unit
from conformance.mutants.wider import wider
from conformance.rivals import allows, within
from conformance.trial import FILLS
from reference.errors import Refused
from reference.outcomes import AnyOf

KILLS = ("hang", "broke", "open", "alarm")
"""What is seen of one that cannot be the reading: as an oracle it says nothing, allows more, or refuses."""


def looked_at(unit: Unit, mutant: Mutant, start: int, stop: int) -> str:
    """What a unit's cases show of a mutant, those of its structures from `start` on and before `stop`.

    "same": nothing. "bound": what it allows differs, and is less than what the reading allows. "within":
    what it gives as a backend differs. "open": it allows what the reading does not. "alarm": as the oracle
    it refuses what the control gives. "hang", "broke": as an oracle it does not come to an end, or raises
    what is no refusal.
    """
    found = "same"
    for _, structure, _ in unit.prepared[start:stop]:
        for inputs in structure.cases(FILLS):
            right = unit.remembering.expects(unit.law.clause, inputs)
            if id(inputs) not in unit.plain:
                control = _outcome(unit, None, inputs)
                unit.plain[id(inputs)] = control, _mark(_plain(control)), _mark(right)
            control, *marks = unit.plain[id(inputs)]
            try:
                said = _said(unit, mutant, inputs)
            except Hang:
                return "hang"
            except Exception:  # whatever a changed line may raise; a reading raises refusals alone
                return "broke"
            given = _mark(_plain(_outcome(unit, mutant, inputs)))
            if [given, _mark(said)] == marks:
                continue
            try:
                if (isinstance(said, AnyOf) and not within(said, right)) or wider(said, right):
                    return "open"
                if not control.changed and not allows(said, control):
                    return "alarm"
            except Exception:  # what is said is no data, over which the comparison itself breaks
                return "broke"
            if given != marks[0]:
                found = "within"
            elif found == "same":
                found = "bound"
    return found


def allows_less(unit: Unit, mutant: Mutant, structures: int) -> bool:
    """Whether, on some case of a unit, the reading allows what the mutant as the oracle refuses."""
    for _, structure, _ in unit.prepared[:structures]:
        for inputs in structure.cases(FILLS):
            right = unit.remembering.expects(unit.law.clause, inputs)
            try:
                said = _said(unit, mutant, inputs)
            except (Exception, Accepted, Hang):  # a fault in the place of an outcome
                return True
            if wider(right, said) or (isinstance(right, AnyOf) and not within(right, said)):
                return True
    return False


def _said(unit: Unit, mutant: Mutant, inputs: dict[str, Any]) -> Any:
    """What the mutant says of a case as the oracle."""
    with swapped(mutant), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return unit.judge.expects(unit.law.clause, inputs)


def _outcome(unit: Unit, mutant: Mutant | None, inputs: dict[str, Any]) -> Outcome:
    """What comes out of a case as a backend."""
    unit.handle.mutant, unit.handle.control.turning = mutant, False
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            (outcome,) = unit.handle.perform(unit.law.clause, [inputs])
    finally:
        unit.handle.mutant = None
    return outcome


def _plain(outcome: Outcome) -> Any:
    """What of an outcome is compared."""
    return outcome.kind, outcome.value, outcome.error[:1], outcome.changed


def _mark(value: Any) -> int:
    """A number that is equal for equal data, arrays and what readings say included."""
    return hash(repr(_form(value)))


def _form(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.shape, str(value.dtype), value.tobytes()
    if isinstance(value, (list, tuple)):
        return [_form(item) for item in value]
    if isinstance(value, dict):
        return [(key, _form(item)) for key, item in value.items()]
    if isinstance(value, Refused):
        return type(value).__name__, value.shows_as
    if isinstance(value, BaseException):
        return type(value).__name__
    if hasattr(value, "__dataclass_fields__"):
        return type(value).__name__, _form(vars(value))
    return repr(value)
