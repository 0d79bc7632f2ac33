"""What every adapter is: a class with one method an operation, numpy in and numpy out.

An adapter translates and never decides: no arithmetic on values, no branch on values.
"""

from __future__ import annotations

import inspect
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any, ClassVar, TypeVar

import numpy as np

FLOATING = ("float32", "float64", "float16", "bfloat16")

Inputs = dict[str, Any]
Method = TypeVar("Method", bound=Callable[..., Any])


class Unsupported(Exception):
    """The backend has no such operation, or not for these inputs; the message says why."""


class Fault(Exception):
    """Something broke that is neither the backend's answer nor its refusal."""


class MissingDevice(Exception):
    """The device that was asked for is not there; the message names those that are."""


@dataclass(frozen=True)
class Outcome:
    """What an operation did with a case.

    kind: "value", "refusal", "unsupported" or "fault".
    value: the result, if kind is "value".
    error: names of the exception's class and its bases, nearest first, for the other kinds.
    message: what the exception said.
    changed: names of the inputs that the operation changed in place.
    seconds: time inside the backend.
    """

    kind: str
    value: Any = None
    error: tuple[str, ...] = ()
    message: str = ""
    changed: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class Operation:
    """How a backend does one operation.

    id: such as "merging.mask", the same as its clause.
    kind: "native" if the framework itself has it, "composed" if the adapter assembles it as a user would.
    method: name of the adapter's method.
    script: lines for a reproduction that set `actual` from variables named like the inputs, in
        plain framework code; they may span several lines.
    brief: shorter such lines for a case that the backend refuses, as far as to where it does.
    """

    id: str
    kind: str
    method: str
    script: str
    brief: str = ""


def operation(
    id: str, *, kind: str = "native", script: str = "", brief: str = ""
) -> Callable[[Method], Method]:
    """Register the decorated method as the adapter's operation `id`."""

    def mark(method: Method) -> Method:
        method.operation = Operation(id, kind, method.__name__, script, brief)  # type: ignore[attr-defined]
        return method

    return mark


class Backend:
    """The base of all adapters.

    name: as given to --backend. dialect: the dialect whose readings judge it.
    packages: the distributions that it needs, first the one whose version selects the readings.
    oldest: the first release of that one which the suite has run.
    engine: what computes below, as `reference.outcomes.Setting` has it.
    dtypes: floating dtypes that the backend can hold, by name.
    flushes: whether it is known to flush subnormal numbers to zero.
    without: a reason for each operation that it lacks.
    preamble: lines that begin a reproduction.
    helpers: functions that scripts may call, by name; a reproduction defines those that its script names.
    """

    name: ClassVar[str]
    dialect: ClassVar[str]
    packages: ClassVar[tuple[str, ...]] = ()
    oldest: ClassVar[str] = "0"
    engine: ClassVar[str] = "numpy"
    dtypes: ClassVar[tuple[str, ...]] = FLOATING
    flushes: ClassVar[bool] = False
    without: ClassVar[dict[str, str]] = {}
    preamble: ClassVar[str] = "import numpy as np"
    helpers: ClassVar[dict[str, str]] = {}
    operations: ClassVar[dict[str, Operation]] = {}

    @classmethod
    def spelled(cls, inputs: Inputs) -> str:
        """Helpers for a reproduction of just this case, in the place of general ones of the same name."""
        return ""

    @classmethod
    def own_layout(cls, inputs: Inputs, version: str | None) -> Inputs:
        """The inputs as a reproduction writes them: where the framework has a layout of its own, in that."""
        return inputs

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        found: dict[str, Operation] = {}
        for base in reversed(cls.__mro__):
            for member in vars(base).values():
                entry = getattr(member, "operation", None)
                if isinstance(entry, Operation):
                    found[entry.id] = entry
        cls.operations = found

    def __init__(self, device: str = "cpu") -> None:
        """Import the framework and take the device; MissingDevice if it is not there."""
        if device != "cpu":
            raise MissingDevice(f"{self.name} has no device {device!r}; the devices here are cpu")
        self.device = device

    def identity(self) -> dict[str, Any]:
        """Who runs: versions, devices, platform, and the modes that change results."""
        return {
            "backend": self.name,
            "dialect": self.dialect,
            "version": self.version(),
            "engine": self.engine,
            "device": self.device,
            "device_name": platform.processor() or platform.machine(),
            "packages": {name: _version(name) for name in (*self.packages, "numpy")},
            "python": platform.python_version(),
            "platform": platform.platform(),
            "modes": {},
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            // (1024 if sys.platform != "darwin" else 1024 * 1024),
        }

    @classmethod
    def version(cls) -> str | None:
        """The installed version that selects the readings, or None for the newest reading."""
        return _version(cls.packages[0]) if cls.packages else None

    @classmethod
    def offers(cls, option: str | None) -> dict[str, Operation]:
        """The operations of a backend that is chosen with `option`, without making it."""
        return cls.operations

    def changed(self, inputs: Inputs, before: dict[str, Any]) -> tuple[str, ...]:
        """Names of the inputs that differ from what they were `before` the operation."""
        return tuple(name for name, was in before.items() if fingerprint(inputs[name]) != was)

    def perform(self, id: str, inputs: Inputs) -> Outcome:
        """Do one operation on one case. Everything that an operation can do is an outcome."""
        if id not in self.operations:
            reason = self.without.get(id, f"the adapter {self.name} has no operation {id}")
            return Outcome("unsupported", message=reason)
        if absent := floating_dtypes(inputs.values()).difference(self.dtypes):
            return Outcome("unsupported", message=f"{self.name} holds no {', '.join(sorted(absent))}")
        before = {name: fingerprint(value) for name, value in inputs.items()}
        start = time.perf_counter()
        outcome: dict[str, Any]
        try:
            outcome = {"kind": "value", "value": self.do(self.operations[id], inputs)}
        except Unsupported as reason:
            outcome = {"kind": "unsupported", "message": str(reason)}
        except (Fault, ImportError, MemoryError, OSError) as fault:
            outcome = {"kind": "fault", "error": classes(fault), "message": str(fault)}
        except Exception as refusal:
            outcome = {"kind": "refusal", "error": classes(refusal), "message": str(refusal)}
        seconds = time.perf_counter() - start
        return Outcome(**outcome, changed=self.changed(inputs, before), seconds=seconds)

    def do(self, operation: Operation, inputs: Inputs) -> Any:
        """Call the method of an operation."""
        return getattr(self, operation.method)(**inputs)

    def smoke(self) -> Iterable[tuple[str, Any, Any]]:
        """Prove the adapter before the backend is judged: (what, given, got back) for every check."""
        return ()


def classes(error: BaseException) -> tuple[str, ...]:
    """The names of an exception's class and its bases, nearest first."""
    return tuple(kind.__name__ for kind in type(error).__mro__ if kind is not object)


def floating_dtypes(values: Iterable[Any]) -> set[str]:
    """The floating dtypes inside a case: of its arrays, and those that it names."""
    found: set[str] = set()
    for value in values:
        if isinstance(value, np.ndarray):
            if value.dtype.kind in "fV":
                found.add(dtype_name(value.dtype))
        elif isinstance(value, (list, tuple)):
            found |= floating_dtypes(value)
        elif isinstance(value, dict):
            found |= floating_dtypes(value.values())
        elif isinstance(value, str) and value in FLOATING:
            found.add(value)
    return found


@cache
def dtype_name(dtype: np.dtype[Any]) -> str:
    """The name of a dtype; numpy makes it anew at every call."""
    return dtype.name


def fingerprint(value: Any) -> Any:
    """Something that differs when any array inside `value` does."""
    if isinstance(value, np.ndarray):
        return value.tobytes()
    if isinstance(value, (list, tuple)):
        return [fingerprint(item) for item in value]
    if isinstance(value, dict):
        return {key: fingerprint(item) for key, item in value.items()}
    return repr(value) if isinstance(value, float) else value  # a NaN differs from itself


def source_of(module: ModuleType) -> str:
    """The text of a module below its docstring, for scripts that call what adapters call."""
    return inspect.getsource(module).partition("from __future__ import annotations\n")[2].strip()


def is_encoder(inputs: Inputs) -> bool:
    """Whether a case is a transformer: a model, its weights by name, and tokens."""
    return {"model", "weights", "tokens"} <= set(inputs)


def untouched(before: Iterable[Any], after: Iterable[Any]) -> bool:
    """Whether arrays are, bit for bit, what they were before."""
    return all(one.tobytes() == other.tobytes() for one, other in zip(before, after, strict=True))


def coincide(arrays: Iterable[Any]) -> list[int]:
    """For each array, the number of the first one that equals it bit for bit: [0, 0, 2]."""
    seen = [(array.shape, array.dtype, array.tobytes()) for array in arrays]
    return [seen.index(one) for one in seen]


def _version(distribution: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
