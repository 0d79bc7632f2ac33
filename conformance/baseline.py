"""Baselines: the accepted run of each backend, in small, and whether a new run may be held to it.

A baseline is a run file. It keeps what the gate, the margins and the diff look at: of a verdict its state
and its margins by dtype, of a divergence a digest of what came, of a survey the outcome. Cases, scripts,
reasons, counts and times are left out, and what all lines share stands once, in the header.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import conformance
from conformance.run import BrokenRun, Run, encoded, read_run
from conformance.verdict import Verdict

BESIDE = frozenset({"numpy"})
"""Packages whose versions do not make another backend."""


def baseline_path(folder: Path, backend: str) -> Path:
    """Where the accepted run of a backend is kept."""
    return folder / f"{backend.replace(':', '-')}.jsonl"


def read_baselines(folder: Path, backends: list[str]) -> dict[str, Run]:
    """The accepted runs in a folder, for each of the backends that has one there.

    BrokenRun if one of them was written by another version of the suite, whose laws were others.
    """
    files = {name: baseline_path(folder, name) for name in backends}
    found = {name: read_run(path) for name, path in files.items() if path.exists()}
    for run in found.values():
        if (suite := run.header.get("suite")) != conformance.__version__:
            raise BrokenRun(
                f"{run.path}: a baseline of suite {suite}, and this is {conformance.__version__}; "
                "make it anew with --update-baseline"
            )
    return found


def fitting(
    baselines: Mapping[str, Run], identities: Mapping[str, Mapping[str, Any]], *, asked: bool
) -> tuple[dict[str, Run], list[str]]:
    """The baselines that a run is held to, and of each other one a sentence that says why not.

    A baseline speaks of a backend at its versions on its device; one that was asked for speaks of any.
    identities: what each backend of the run said of itself; one that never started has none.
    """
    other = {}
    for name, run in baselines.items():
        was, now = _environment(run.identity(name)), _environment(identities.get(name) or {})
        if not asked and now and was and was != now:
            other[name] = (
                f"the baseline {run.path} is of {was}, and {name} is {now} here: not compared; "
                "--baseline=DIR compares all the same"
            )
    return {name: run for name, run in baselines.items() if name not in other}, list(other.values())


def _environment(identity: Mapping[str, Any]) -> str:
    """What makes a backend another: the versions of its packages, and its device."""
    packages = dict(identity.get("packages") or {})
    versions = [f"{name} {version}" for name, version in sorted(packages.items()) if name not in BESIDE]
    return ", ".join([*versions, *([f"on {identity['device']}"] if identity.get("device") else [])])


def write_baselines(run: Run, folder: Path) -> list[Path]:
    """Keep a run as the baseline of each of its backends.

    BrokenRun, and nothing is written, if the run did not come to its end, was judged by another dialect,
    or is a selection of the laws that a baseline there has.
    """
    _check(run, folder)
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name in run.header["backends"]:
        path = baseline_path(folder, name)
        path.write_bytes(b"".join(encoded(line, (",", ":")) for line in _lines(run, name)))
        written.append(path)
    return written


def _check(run: Run, folder: Path) -> None:
    if run.footer is None:
        raise BrokenRun(
            f"{run.path}: the run has no footer, so it did not end, and is no baseline; run again"
        )
    if run.header.get("against"):
        raise BrokenRun(
            f"{run.path}: the run was judged against {run.header['against']} and not by the dialects of its "
            "backends, so it is no baseline; run again without --against"
        )
    for name in run.header["backends"]:
        path = baseline_path(folder, name)
        if (run.header.get("selection") or {}).get("whole", True) or not path.exists():
            continue
        lost = {v.law for v in read_run(path).verdicts} - {v.law for v in run.verdicts if v.backend == name}
        if lost:
            raise BrokenRun(
                f"{run.path}: a selection of the laws, without {len(lost)} that {path} has; "
                "run all laws, or keep it in another folder"
            )


def _lines(run: Run, name: str) -> list[dict[str, Any]]:
    """The lines of one backend, in an order that does not depend on that of the run."""
    verdicts = sorted((v for v in run.verdicts if v.backend == name), key=lambda v: (v.clause, v.law))
    surveys = sorted(
        (line for line in run.surveys if line["backend"] == name), key=lambda s: (s["clause"], s["name"])
    )
    dialects = Counter(v.dialect for v in verdicts)
    usual: dict[str, Any] = {"backend": name, "dialect": max(dialects, key=lambda d: dialects[d], default="")}
    each: dict[str, Any] = {"verdict": {**usual, "points": [], "state": "pass"}, "survey": usual}
    kept = ("type", "clause", "point", "name", "outcome", "dialect")
    footer = {key: value for key, value in (run.footer or {}).items() if key not in ("laws", "selected")}
    return [
        {**run.header, "backends": [name], "each": each},
        {"type": "identity", "backend": name, "identity": run.identity(name)},
        *(_without(_small(verdict), each["verdict"]) for verdict in verdicts),
        *(_without({key: line[key] for key in kept if key in line}, usual) for line in surveys),
        {**footer, "verdicts": dict(Counter(verdict.state.value for verdict in verdicts))},
    ]


def _small(verdict: Verdict) -> dict[str, Any]:
    """What is kept of a verdict; a margin to three digits."""
    line: dict[str, Any] = {
        "type": "verdict",
        "law": verdict.law,
        "clause": verdict.clause,
        "dialect": verdict.dialect,
        "state": verdict.state.value,
    }
    if verdict.expected:
        line["expected"] = True
    if verdict.by_dtype:
        line["by_dtype"] = {
            dtype: [float(f"{worst:.3g}"), *map(int, counts)]
            for dtype, (worst, *counts) in sorted(verdict.by_dtype.items())
        }
    if verdict.divergence is not None:
        line["divergence"] = {"digest": digest_of(verdict.divergence)}
    return line


def _without(line: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key not in usual or usual[key] != value}


def digest_of(divergence: Mapping[str, Any]) -> str:
    """A digest of what came, by which a divergence is told from another."""
    if isinstance(kept := divergence.get("digest"), str):
        return kept
    text = json.dumps(divergence.get("actual"), sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]
