"""Reproductions: a divergence as a standalone script, with the framework and numpy alone.

The script prints what is expected and what comes, exits 1 when the divergence shows and 0 when it
does not. It is run in a fresh process before it is published.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backends import Choice
from backends.base import Backend, Operation, Outcome
from backends.codec import dtype_named
from conformance.divergence import point_of
from conformance.releases import layer_of
from conformance.scripting import comparing, needed
from conformance.tolerance import bound, measured_bound
from reference.errors import Refused
from reference.outcomes import AnyOf, Bounded, Codes, Coins, Measured, Shuffled

if TYPE_CHECKING:
    from conformance.trial import Divergence, Trial

LIMIT = 180.0
"""Seconds that a reproduction may take, the import of its framework included."""


class NotReproduced(Exception):
    """The script did not show the divergence: a fault of ours. `script` is its text."""

    def __init__(self, message: str, script: str) -> None:
        super().__init__(message)
        self.script = script


def reproduce(divergence: Divergence, trial: Trial, folder: Path) -> tuple[str | None, Path | None]:
    """Write the script of a divergence and run it: its text and its path, None if there is no way.

    NotReproduced if the script does not show the divergence in a fresh process.
    """
    text = script_of(trial, divergence.inputs, divergence.expected)
    if text is None or divergence.actual.changed:  # a script compares results alone
        return None, None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{trial.handle.choice.name}-{trial.law.name.removeprefix('test_')}.py".replace(":", "-")
    path = path.absolute()
    path.write_text(text, encoding="utf-8")
    status, printed = _run(trial, text, path)
    if status != 1 or "diverges" not in printed:
        last = printed.strip().splitlines()[-1:] or ["it printed nothing"]
        raise NotReproduced(f"{path} does not show the divergence in a fresh process: {last[0]}", text)
    return text, path


def _run(trial: Trial, text: str, path: Path) -> tuple[int, str]:
    """Run a script in a fresh process where the backend runs: its exit status, and what it printed."""
    if trial.handle.place.foreign:
        return trial.handle.script(text, LIMIT)
    try:
        done = subprocess.run(
            [sys.executable, str(path)],
            capture_output=True,
            text=True,
            timeout=LIMIT,
            cwd=path.parent,
            env=surroundings(trial.handle.choice),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotReproduced(f"{path} did not end within {LIMIT:g} s", text) from None
    return done.returncode, done.stdout + done.stderr


def surroundings(choice: Choice) -> dict[str, str]:
    """The environment variables of a process that runs a script with the releases of a choice."""
    below = layer_of(choice)
    return dict(os.environ) if below is None else {**os.environ, "PYTHONPATH": str(below)}


def script_of(trial: Trial, inputs: dict[str, Any], expected: Any) -> str | None:
    """The text of the script; None without a script of the operation, and where one run cannot show
    the divergence, as of a random outcome.
    """
    operation = trial.handle.choice.adapter.operations.get(trial.law.clause)
    if operation is None or not operation.script or _is_random(expected):
        return None
    return _write(trial, operation, inputs, expected)


def expecting(
    choice: Choice, clause: str, inputs: dict[str, Any], expected: Outcome, whose: str
) -> str | None:
    """The text of a script for a backend that expects an outcome `whose`, None without a script."""
    operation = choice.adapter.operations.get(clause)
    if operation is None or not operation.script or expected.kind not in ("value", "refusal"):
        return None
    said = expected.value
    if expected.kind == "refusal":
        said = Refused(expected.message, shows_as=(expected.error[0],))
    packages = ", ".join(f"{name} {version}" for name, version in choice.versions().items())
    header = [f"# {clause}: {packages}", f"# expected is what {whose} gives"]
    return _text(choice.adapter, operation, header, inputs, said)


def _write(trial: Trial, operation: Operation, given: dict[str, Any], expected: Any) -> str:
    adapter, clause = trial.handle.choice.adapter, trial.law.clause
    packages = (trial.handle.identity or {}).get("packages", {})
    reading = trial.judge.reading(clause)
    assert reading is not None
    point = point_of(reading, given, trial.judge, trial.law.points)
    header = [
        f"# {clause} [{point}]: {', '.join(f'{name} {version}' for name, version in packages.items())}",
        f"# expected by {reading.name}: {reading.sources[0].link}",
    ]
    return _text(adapter, operation, header, given, expected)


def _text(
    adapter: type[Backend], operation: Operation, header: list[str], given: dict[str, Any], expected: Any
) -> str:
    functions, check = _check(expected)
    acting = [f"    {line}" if line else "" for line in needed(operation.script, "actual", assigned=False)]
    rest = [
        *(f"{name} = {source(value)}" for name, value in given.items()),
        "refused = None",
        "try:",
        *acting,
        "except Exception as error:",
        '    actual, refused = f"{type(error).__name__}: {error}", {c.__name__ for c in type(error).__mro__}',
        *check,
        'print("actual:  ", actual if refused else repr(actual))',
        'print("diverges" if diverges else "agrees")',
        "raise SystemExit(int(diverges))",
    ]
    definitions = "\n".join([adapter.preamble, *adapter.helpers.values(), adapter.spelled(given), *functions])
    above = needed(definitions, "\n".join(rest))
    apart = [""] if above[-1][:1].strip() else ["", ""]
    return "\n".join([*header, *above, *apart, *rest]) + "\n"


def _is_random(expected: Any) -> bool:
    parts = expected if isinstance(expected, tuple) else (expected,)
    return any(isinstance(part, (Codes, Coins, Shuffled)) for part in parts)


_REFUSAL = """\
diverges = refused is None or not {classes!r} & refused
print("expected: a refusal with {names}")"""

_ARRAY = """\
expected = {expected}
same = isinstance(actual, np.ndarray) and (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
diverges = not same or {different}.any()
print("expected:", repr(expected))"""

_PLAIN = """\
expected = {expected}
diverges = refused is not None or type(actual) is not type(expected) or actual != expected
print("expected:", repr(expected))"""

_FLOATS = (
    "((actual != expected) | (np.signbit(actual) != np.signbit(expected)))"
    " & ~(np.isnan(expected) & np.isnan(actual))"
)

_NESTED = """\
expected = {expected}
bounds = {bounds}
diverges = refused is not None or not same(expected, actual, bounds)
print("expected:", repr(expected))"""

_ANY = """\
allowed.append(not diverges)"""


def _check(said: Any) -> tuple[list[str], list[str]]:
    """A function that compares, if one is needed, and the lines that set `diverges`."""
    if isinstance(said, Refused):
        names = " or ".join(said.shows_as)
        return [], _REFUSAL.format(classes=set(said.shows_as), names=names).splitlines()
    if isinstance(said, AnyOf):
        checks = [_check(one) for one in said.allowed]
        functions = comparing(said.allowed) if any(function for function, _ in checks) else []
        lines = [line for _, check in checks for line in (*check, *_ANY.splitlines())]
        return functions, ["allowed = []", *lines, "diverges = not any(allowed)"]
    value, bounds = _expected(said)
    if isinstance(said, (Bounded, Measured, list, tuple, dict)):
        nested = _NESTED.format(expected=source(value), bounds=source(bounds))
        return comparing(said), nested.splitlines()
    if isinstance(said, np.ndarray):
        different = f"({_FLOATS if said.dtype.kind in 'fV' else 'actual != expected'})"
        return [], _ARRAY.format(expected=source(value), different=different).splitlines()
    return [], _PLAIN.format(expected=source(value)).splitlines()


def _expected(said: Any) -> tuple[Any, Any]:
    """The expected value, and in the same structure (the value in float64, its bound), or None."""
    if isinstance(said, Bounded):
        exact = np.asarray(said.value, np.float64)
        with np.errstate(over="ignore"):
            return exact.astype(said.dtype), (exact, bound(said, flushes=True))
    if isinstance(said, Measured):
        return said.value.astype(said.dtype), (said.value, measured_bound(said))
    if isinstance(said, (list, tuple)):
        pairs = [_expected(item) for item in said]
        return type(said)(value for value, _ in pairs), [bounds for _, bounds in pairs]
    if isinstance(said, dict):
        of_keys = {key: _expected(item) for key, item in said.items()}
        values = {key: value for key, (value, _) in of_keys.items()}
        return values, {key: bounds for key, (_, bounds) in of_keys.items()}
    return said, None


def source(value: Any) -> str:
    """Python source for a value, exact, that needs numpy alone."""
    if isinstance(value, np.ndarray):
        if value.dtype == dtype_named("bfloat16"):
            import_it = '__import__("ml_dtypes").bfloat16'
            return (
                f"np.array({_elements(value.astype(np.float64))}).reshape({value.shape}).astype({import_it})"
            )
        if value.size == 0:
            return f'np.zeros({value.shape}, "{value.dtype}")'
        return f'np.array({_elements(value)}, "{value.dtype}")'
    if isinstance(value, list):
        return f"[{', '.join(map(source, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(source, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {source(item)}" for key, item in value.items()) + "}"
    if isinstance(value, float) and not np.isfinite(value):
        return f'float("{value}")'
    return repr(value)


def _elements(array: np.ndarray[Any, Any]) -> str:
    return repr(array.tolist()).replace("nan", "np.nan").replace("inf", "np.inf")
