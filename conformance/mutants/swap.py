"""A mutant as a backend: the control, with one function's code changed while it performs."""

from __future__ import annotations

import inspect
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import CodeType, FrameType, FunctionType
from typing import Any

from backends import choose
from backends.base import Outcome
from backends.numpy_control import NumpyControl
from conformance.handle import Handle, _copied
from conformance.mutants.plan import Mutant, modules
from reference.clause import READINGS, Reading
from reference.outcomes import AnyOf, Setting

PATIENCE = 10.0
"""Seconds that a mutant may take for a batch that the control does in a fraction of one."""


class Hang(BaseException):
    """A mutant does not come to an end. Not an Exception, or the backend would take it for a refusal."""


class Accepted(BaseException):
    """A mutant gives something where the reading refuses. Not an Exception, or it would be a refusal."""


@cache
def functions() -> dict[str, FunctionType]:
    """Every function and method of the reference by the name that mutants give it."""
    found: dict[str, FunctionType] = {}
    for name, module in modules().items():
        for member in vars(module).values():
            _collect(name, "", member, found)
            if isinstance(member, type) and member.__module__ == name:
                for method in vars(member).values():
                    _collect(name, f"{member.__name__}.", method, found)
    return found


def _collect(module: str, owner: str, member: Any, found: dict[str, FunctionType]) -> None:
    for attribute in ("fget", "__func__", "func"):
        member = getattr(member, attribute, member)
    function = inspect.unwrap(member) if callable(member) and not isinstance(member, type) else member
    if isinstance(function, FunctionType) and function.__module__ == module:
        found[f"{module}:{owner}{function.__name__}"] = function


@cache
def _memories() -> tuple[Callable[[], None], ...]:
    """What empties the caches of the reference, so that a mutant and the oracle share no memory."""
    found = (getattr(member, "cache_clear", None) for m in modules().values() for member in vars(m).values())
    return tuple(clear for clear in found if clear is not None)


class _Control(NumpyControl):
    """The control of one reading, which keeps what the reading said last, its bookkeeping included.

    turning: whether it gives, of several outcomes that a reading leaves open, one after the other, case
    by case. Only so can be seen what a mutant allows beside its first outcome.
    """

    said: Any = None
    turning: bool = False
    turn: int = 0

    def __init__(self, reading: Reading, setting: Setting) -> None:
        super().__init__("cpu", reading.dialect)
        self.setting = setting
        self.readings = {**self.readings, reading.clause: reading}

    def read(self, reading: Reading, inputs: dict[str, Any]) -> Any:
        """What the reading says."""
        self.said = None
        self.said = super().read(reading, inputs)
        self.turn += 1
        return _taken(self.said, self.turn) if self.turning else self.said


def _taken(said: Any, turn: int) -> Any:
    """What a reading says, with one of every set of open outcomes."""
    if isinstance(said, AnyOf):
        return _taken(said.allowed[turn % len(said.allowed)], turn // len(said.allowed))
    if isinstance(said, (list, tuple)):
        return type(said)(_taken(item, turn) for item in said)
    if isinstance(said, dict):
        return {name: _taken(item, turn) for name, item in said.items()}
    return said


class Swapped(Handle):
    """A hold on the control of one reading in a setting, in this process, with a mutant's code or without."""

    def __init__(self, reading: Reading, setting: Setting) -> None:
        super().__init__(choose(f"numpy:{reading.dialect}"), "cpu")
        self.control = _Control(reading, setting)
        self.mutant: Mutant | None = None
        self.at_times = False
        self.turn = 0
        self.identity = {}

    def start(self) -> dict[str, Any]:
        """The control is always there."""
        return {}

    def perform(self, operation: str, batch: list[dict[str, Any]]) -> list[Outcome]:
        """Do one operation on several cases, as the mutant does it; `at_times`, in every other call alone."""
        self.turn += 1
        with swapped(None if self.at_times and self.turn % 2 else self.mutant):
            return [self._one(operation, inputs) for inputs in batch]

    def _one(self, operation: str, inputs: dict[str, Any]) -> Outcome:
        try:
            return self.control.perform(operation, _copied(inputs))
        except Accepted:
            return Outcome("value", ...)


@contextmanager
def swapped(mutant: Mutant | None, patience: float = PATIENCE) -> Iterator[None]:
    """The mutant's code in the place of the function's own; Hang if it takes too long."""
    if mutant is None:
        yield
        return
    assert mutant.code is not None
    with _code(functions()[mutant.function], mutant.code), _limit(patience):
        yield


@contextmanager
def _code(function: FunctionType, code: CodeType) -> Iterator[None]:
    own = function.__code__
    readings = (reading.function for stated in READINGS.values() for reading in stated)
    # A reading whose rules are fixed is a function of its own, of the same code.
    same: list[Any] = [function, *(one for one in readings if one is not function and is_of(one, function))]
    forget()
    for one in same:
        one.__code__ = code
    try:
        yield
    finally:
        for one in same:
            one.__code__ = own
        forget()


def is_of(reading: Callable[..., Any], function: FunctionType) -> bool:
    """Whether a reading's function is this one, or a second one of the same code."""
    return getattr(reading, "__code__", None) is function.__code__


def forget() -> None:
    """Empty the caches of the reference."""
    for clear in _memories():
        clear()


@contextmanager
def _limit(patience: float) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, patience)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
