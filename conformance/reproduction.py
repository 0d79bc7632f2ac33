"""Reproductions: a divergence as a standalone script, with the framework and numpy alone.

The script prints what is expected and what comes, exits 1 when the divergence shows and 0 when it
does not. It is run in a fresh process before it is published.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backends import Choice
from backends.base import Backend, Operation, Outcome
from conformance.divergence import point_of
from conformance.releases import layer_of
from conformance.scripting import checking, source
from conformance.specializing import MOST_LINES, specialized
from reference.errors import Refused
from reference.outcomes import AnyOf, Codes, Coins, Shuffled

if TYPE_CHECKING:
    from conformance.judge import Judge
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
    refused = divergence.actual.kind == "refusal"
    where = divergence.disagreement.where
    text = script_of(trial, divergence.inputs, divergence.expected, where, refused)
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


def script_of(
    trial: Trial, inputs: dict[str, Any], expected: Any, where: str = "", refused: bool = False
) -> str | None:
    """The text of the script; None without a script of the operation, and where one run cannot show
    the divergence, as of a random outcome. where: the path to the first difference. refused: whether the
    backend refused.
    """
    packages = (trial.handle.identity or {}).get("packages", {})
    choice, law = trial.handle.choice, trial.law
    return written(choice, packages, trial.judge, law.clause, law.points, inputs, expected, where, refused)


def written(
    choice: Choice,
    packages: Mapping[str, str],
    judge: Judge,
    clause: str,
    points: tuple[str, ...],
    given: dict[str, Any],
    expected: Any,
    where: str = "",
    refused: bool = False,
) -> str | None:
    """The text of a script of a backend with these packages, as `script_of` says."""
    operation = choice.adapter.operations.get(clause)
    if operation is None or not operation.script or _is_random(expected):
        return None
    reading = judge.reading(clause)
    assert reading is not None
    point = point_of(reading, given, judge, points)
    header = [
        f"# {clause} [{point}]: {', '.join(f'{name} {version}' for name, version in packages.items())}",
        f"# expected by {reading.name}: {reading.sources[0].link}",
    ]
    version = packages.get(next(iter(choice.adapter.packages), ""))
    return _text(choice.adapter, operation, header, version, given, expected, where, refused)


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
    versions = choice.versions()
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    header = [f"# {clause}: {packages}", f"# expected is what {whose} gives"]
    version = versions.get(next(iter(choice.adapter.packages), ""))
    return _text(choice.adapter, operation, header, version, inputs, said)


def _text(
    adapter: type[Backend],
    operation: Operation,
    header: list[str],
    version: str | None,
    given: dict[str, Any],
    expected: Any,
    where: str = "",
    refused: bool = False,
) -> str:
    """The text; if it would be too long, and the divergence shows `where`, for that part alone.

    If the divergence is how many there are of something, or which of several outcomes it is, for the
    numbers alone; if it is that a result is refused, for that.
    """
    steps = _steps(expected, where)
    texts = [_whole(adapter, operation, header, version, given, expected, [])]
    if refused and texts[0].count("\n") > MOST_LINES and not isinstance(expected, (Refused, AnyOf)):
        brief = replace(operation, script=operation.brief or operation.script)
        return _whole(adapter, brief, header, version, given, expected, [], refused=True)
    if texts[0].count("\n") <= MOST_LINES or not steps:
        return texts[0]
    of_number = _is_of_number(expected, steps, where)
    if of_number and len(_values(expected)) > 1:
        steps = []  # the same part of each outcome would allow mixtures of them
    else:
        texts.append(_whole(adapter, operation, header, version, given, expected, steps))
    if of_number:
        texts.append(_whole(adapter, operation, header, version, given, expected, steps, counts=True))
    return min(texts, key=lambda one: one.count("\n"))


def _is_of_number(expected: Any, steps: list[Any], where: str) -> bool:
    """Whether the first difference is how many entries there are at the end of the steps."""
    for step in steps:
        expected = _part(expected, step)
    whole = where == "".join(f"[{step!r}]" for step in steps)
    return whole and all(isinstance(one, (list, tuple)) for one in _values(expected))


def _counted(said: Any) -> Any:
    """Numbers in the place of lists and tuples; of a dict without its arrays."""
    if isinstance(said, AnyOf):
        return AnyOf(tuple(one if isinstance(one, Refused) else _counted(one) for one in said.allowed))
    if isinstance(said, dict):
        return {name: _counted(one) for name, one in said.items() if _is_countable(one)}
    return len(said) if isinstance(said, (list, tuple)) else said


def _is_countable(said: Any) -> bool:
    return isinstance(said, (list, tuple, dict, bool, int, str)) or said is None


def _steps(expected: Any, where: str) -> list[Any]:
    """The way through lists and dicts to the part of an outcome that holds the first difference."""
    steps: list[Any] = []
    for text in re.findall(r"\[([^\]]*)\]", where):
        step = ast.literal_eval(text)
        if not all(_holds(one, step) for one in _values(expected)):
            break
        steps.append(step)
        expected = _part(expected, step)
    return steps


def _values(expected: Any) -> list[Any]:
    """The outcomes that are allowed, refusals left out."""
    allowed = expected.allowed if isinstance(expected, AnyOf) else (expected,)
    return [one for one in allowed if not isinstance(one, Refused)]


def _holds(value: Any, step: Any) -> bool:
    if isinstance(value, dict):
        return step in value
    return isinstance(value, (list, tuple)) and isinstance(step, int) and step < len(value)


def _part(expected: Any, step: Any) -> Any:
    """A part of an outcome, and of each that is allowed."""
    if isinstance(expected, AnyOf):
        return AnyOf(tuple(one if isinstance(one, Refused) else one[step] for one in expected.allowed))
    return expected[step]


def _whole(
    adapter: type[Backend],
    operation: Operation,
    header: list[str],
    version: str | None,
    given: dict[str, Any],
    whole: Any,
    steps: list[Any],
    counts: bool = False,
    refused: bool = False,
) -> str:
    expected = whole
    for step in steps:
        expected = _part(expected, step)
    chosen = f"    actual = actual{''.join(f'[{step!r}]' for step in steps)}" if steps else ""
    if counts:
        chosen += f"\n    actual = {_counting(_values(expected)[0])}"
        expected = _counted(expected)
    functions, check = checking(expected, "tensorflow" in adapter.preamble)
    if refused:
        functions, check = [], ["diverges = isinstance(actual, Exception)", 'print("expected: a result")']
    laid_out = adapter.own_layout(given, version)
    lines = [
        *header,
        adapter.preamble,
        *adapter.helpers.values(),
        adapter.spelled(given),
        *functions,
        *(f"{name} = {source(value)}" for name, value in laid_out.items()),
        "try:",
        textwrap.indent(operation.script, "    "),
        chosen,
        "except Exception as error:",
        "    actual = error",
        "np.set_printoptions(precision=17)" if _has_float64(expected) else "",
        *check,
        'print("actual:  ", repr(actual))',
        'print("diverges" if diverges else "agrees")',
        "raise SystemExit(int(diverges))",
    ]
    impossible: tuple[str, ...] = () if _has_none(expected) else ("value is None",)
    if all(isinstance(one, list) and len(one) == 1 for one in _values(whole)):
        impossible += ("isinstance(came, (list, tuple))", "isinstance(output, (list, tuple))")
    plain = "bfloat16" not in "\n".join(map(source, (given, *check)))
    return specialized("\n".join(lines) + "\n", (*impossible, *(_BFLOAT16 if plain else ())))


def _counting(value: Any, name: str = "actual") -> str:
    """Source for the numbers that `_counted` gives, of a value with the form of this one."""
    if isinstance(value, dict):
        inner = (
            f"{n!r}: {_counting(one, f'{name}[{n!r}]')}" for n, one in value.items() if _is_countable(one)
        )
        return f"{{{', '.join(inner)}}}"
    return f"len({name})" if isinstance(value, (list, tuple)) else name


_BFLOAT16 = ("value.dtype == torch.bfloat16", "array.dtype.name == 'bfloat16'")


def _has_float64(said: Any) -> bool:
    """Whether an outcome may hold numbers of which numpy would print but the first half."""
    if isinstance(said, AnyOf):
        return any(map(_has_float64, said.allowed))
    if isinstance(said, (list, tuple, dict)):
        return any(map(_has_float64, said.values() if isinstance(said, dict) else said))
    return getattr(said, "dtype", None) == np.float64


def _has_none(said: Any) -> bool:
    """Whether an outcome may hold None."""
    if isinstance(said, AnyOf):
        return any(map(_has_none, said.allowed))
    if isinstance(said, (list, tuple)):
        return any(map(_has_none, said))
    return any(map(_has_none, said.values())) if isinstance(said, dict) else said is None


def _is_random(expected: Any) -> bool:
    parts = expected if isinstance(expected, tuple) else (expected,)
    return any(isinstance(part, (Codes, Coins, Shuffled)) for part in parts)
