"""Divergences: the record behind a fail, and its story in words."""

from __future__ import annotations

import inspect
import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backends.base import Outcome
from backends.codec import from_json, to_json
from conformance.agreement import Disagreement, agree
from conformance.judge import Judge, says
from conformance.verdict import Verdict
from reference.clause import Reading, find
from reference.errors import Refused
from reference.outcomes import AnyOf, Bounded, Codes, Coins, Measured, Shuffled

if TYPE_CHECKING:
    from conformance.expectation import Expectation
    from conformance.trial import Divergence, Trial

MOST_KEPT = 1000
"""Entries of a random outcome up to which a record keeps them all."""

_LABEL = re.compile(r"#.*?((?:\[[a-z0-9-]+\]\s*)+)$")
_COLOR = re.compile(r"\x1b\[[0-9;]*m")


def record(
    trial: Trial,
    inputs: dict[str, Any],
    actual: Outcome,
    *,
    divergence: Divergence | None = None,
    expectation: Expectation | None = None,
    script: str | None = None,
    path: Path | None = None,
    where: str = "",
) -> dict[str, Any]:
    """A divergence as JSON data: case, expected, actual, and who says so."""
    clause = trial.law.clause
    reading = trial.judge.reading(clause)
    assert reading is not None
    expected = divergence.expected if divergence else trial.judge.expects(clause, inputs)
    own = _own_reading(trial, inputs)
    return {
        "operation": clause,
        "clause": clause,
        "point": expectation.point
        if expectation
        else point_of(reading, inputs, trial.judge, trial.law.points),
        "law": trial.law.name,
        "case": to_json(inputs),
        "expected": to_json(plain(expected)),
        "actual": to_json(_plain_outcome(actual)),
        "where": divergence.disagreement.where if divergence else where,
        "explanation": divergence.disagreement.explanation
        if divergence
        else expectation.reason
        if expectation
        else "",
        "expected_by": f"{reading.name} ({'; '.join(map(str, reading.sources))})",
        "own_reading": own,
        "script": script,
        "script_path": str(path) if path else None,
        "expectation": {
            "reason": expectation.reason,
            "kind": expectation.kind,
            "link": expectation.link,
            "behaves_as": expectation.behaves_as,
            "file": expectation.file,
        }
        if expectation
        else None,
    }


def where_of(expected: Any, actual: Outcome, flushes: bool) -> str:
    """The path to the first difference of an outcome, empty for the whole.

    Where several outcomes are allowed, from the first of them that is a value. If nothing differs but
    an input that was changed in place, any part will do, and it is the first.
    """
    allowed = expected.allowed if isinstance(expected, AnyOf) else (expected,)
    for one in allowed:
        try:
            agree(one, actual, flushes=flushes)
        except Disagreement as found:
            if not isinstance(one, Refused):
                return found.where
    return "[0]" if actual.changed else ""


def _own_reading(trial: Trial, inputs: dict[str, Any]) -> str | None:
    """What the backend's own dialect says of the case, if another dialect judges."""
    adapter = trial.handle.choice.adapter
    if adapter.dialect == trial.judge.dialect:
        return None
    reading = find(trial.law.clause, adapter.dialect, trial.handle.version())
    if reading is None:
        return f"{adapter.dialect} does not state {trial.law.clause}"
    said = plain(says(reading, inputs, trial.judge.setting))
    return f"{reading.name} ({'; '.join(map(str, reading.sources))}) says {text_of(said)}"


def point_of(reading: Reading, inputs: dict[str, Any], judge: Judge, among: tuple[str, ...] = ()) -> str:
    """The label of the last labeled line that the reading went through for a case, or an empty text.

    among: labels to choose from, where one of them was gone through.
    """
    seen: list[list[str]] = []
    chapter = _chapter(inspect.getfile(inspect.unwrap(reading.function)))
    labels = {point.label for point in reading.points}

    def trace(frame: Any, event: str, argument: Any) -> Any:
        file = frame.f_code.co_filename
        if not file.startswith(chapter):
            return None
        if event == "line" and (found := _LABEL.search(_lines(file)[frame.f_lineno - 1])):
            seen.append([label for label in re.findall(r"\[([a-z0-9-]+)\]", found[1]) if label in labels])
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        says(reading, inputs, judge.setting)
    finally:
        sys.settrace(before)
    mine = [[label for label in line if label in among] for line in seen]
    lines_seen = [line for line in mine if line] or [line for line in seen if line]
    return lines_seen[-1][0] if lines_seen else ""


def _chapter(file: str) -> str:
    """The folder of a reading's chapter, or its file where the chapter has but one."""
    folder = Path(file).parent
    return file if folder.name == "reference" else str(folder)


@cache
def _lines(file: str) -> list[str]:
    return Path(file).read_text(encoding="utf-8").splitlines()


def plain(said: Any) -> dict[str, Any]:
    """What a reading said, as plain data."""
    if isinstance(said, AnyOf):
        return {"kind": "any of", "allowed": [plain(one) for one in said.allowed]}
    if isinstance(said, Refused):
        return {"kind": "refusal", "error": list(said.shows_as), "message": str(said)}
    return {"kind": "value", "value": _rounded(said)}


def _rounded(said: Any) -> Any:
    if isinstance(said, (Bounded, Measured)):
        with np.errstate(over="ignore"):
            return said.value.astype(said.dtype)
    if isinstance(said, Coins):
        lower, upper = said.values
        share = f"{upper} with probability {said.probability:g}, else {lower}"
        return f"{said.calls} arrays of {said.dtype} {said.shape}: {share}"
    if isinstance(said, Shuffled):
        return ["in any order, batches of", list(said.sizes), "samples out of", _rounded(said.form)]
    if isinstance(said, Codes):
        return f"one whole number from {said.low} to {said.high} for each of {list(said.words)}"
    if isinstance(said, (list, tuple)):
        return type(said)(map(_rounded, said))
    if isinstance(said, dict):
        return {name: _rounded(item) for name, item in said.items()}
    return said


def _plain_outcome(outcome: Outcome) -> dict[str, Any]:
    if outcome.kind == "value":
        return {"kind": "value", "value": _portable(outcome.value), "changed": list(outcome.changed)}
    return {"kind": outcome.kind, "error": list(outcome.error), "message": _COLOR.sub("", outcome.message)}


def _portable(value: Any) -> Any:
    """An outcome that is kept: a random one of many entries in words, all else as it is."""
    if isinstance(value, list) and value and all(isinstance(item, np.ndarray) for item in value):
        entries = np.concatenate([item.reshape(-1) for item in value])
        if entries.size > MOST_KEPT:
            found, counts = np.unique(entries.astype(np.float64), return_counts=True)
            shown = ", ".join(f"{v:g} {n} times" for v, n in list(zip(found, counts, strict=True))[:4])
            return f"{len(value)} arrays of {value[0].dtype} {value[0].shape}: {shown}"
    return value


def text_of(plain: dict[str, Any]) -> str:
    """An outcome in one line."""
    if plain["kind"] == "any of":
        return " or ".join(map(text_of, plain["allowed"]))
    if plain["kind"] == "value":
        return literal(plain["value"])
    first = str(plain["message"]).strip().partition("\n")[0]
    return f"a {plain['kind']} with {plain['error'][0]}: {first}"


def literal(value: Any) -> str:
    """A value as a person would write it, on one line."""
    if isinstance(value, np.ndarray):
        inner = np.array2string(value, separator=", ", threshold=10**6, floatmode="unique").replace("\n", "")
        inner = re.sub(r",\s+", ", ", inner)
        empty = f", shape={value.shape}" if value.size == 0 else ""
        return f"array({inner}{empty}, dtype={value.dtype})"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(map(literal, value))
        closing = ",)" if isinstance(value, tuple) and len(value) == 1 else ")"
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{closing}"
    return repr(value)


def describe(verdict: Verdict, identity: dict[str, Any]) -> str:
    """The whole story of a divergence, once: what, where, the case, both outcomes, what to do next."""
    data = verdict.divergence or {}
    packages = ", ".join(f"{name} {version}" for name, version in identity.get("packages", {}).items())
    point = f" [{data['point']}]" if data["point"] else ""
    lines = [
        f"{data['clause']}{point} on {verdict.backend} ({packages}; {identity.get('device', '')})",
        f"differs from {verdict.reading}: {verdict.reason}",
        "the smallest case:",
        *(f"    {name} = {literal(value)}" for name, value in from_json(data["case"]).items()),
        f"expected: {text_of(from_json(data['expected']))}",
        f"    by {data['expected_by']}",
        f"actual:   {text_of(from_json(data['actual']))}",
    ]
    if data["where"]:
        lines.append(f"first difference at {data['where']}: {data['explanation']}")
    if data["own_reading"]:
        lines.append(f"the backend's own dialect: {data['own_reading']}")
    if data["script_path"]:
        lines.append(f"reproduce it: python {data['script_path']}")
    lines.append(f"read the law: conformance explain {data['clause']}")
    return "\n".join(lines)
