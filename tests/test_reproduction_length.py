"""Every pinned divergence has a reproduction that can be read in an issue; the frameworks are not run."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import Any

import pytest

import backends
from backends import choose
from backends.base import Outcome
from conformance.agreement import Changes
from conformance.divergence import where_of
from conformance.expectation import Expectation, load
from conformance.judge import Judge
from conformance.reproduction import written
from conformance.scripting import rounded
from conformance.specializing import MOST_LINES
from conformance.specializing.layout import WIDTH
from conformance.tolerance import measured_bound
from reference.errors import Refused
from reference.outcomes import AnyOf, Measured, Setting

FOLDER = Path(backends.__file__).parent / "expectations"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
STANDARD = set(sys.stdlib_module_names) | {"numpy"}


def pinned() -> list[Any]:
    """Every expectation that holds for the versions that are here."""
    found = [
        (name, number, one)
        for name in NAMES
        for number, one in enumerate(load(FOLDER, name), 1)
        if one.covers(next(iter(choose(name).versions().values())), "cpu")
    ]
    return [pytest.param(name, one, id=f"{name}-{number}-{one.clause}") for name, number, one in found]


@pytest.mark.parametrize(("name", "expectation"), pinned())
def test_the_reproduction_of_a_pinned_divergence_is_short(name: str, expectation: Expectation) -> None:
    choice, clause = choose(name), expectation.clause
    versions = choice.versions()
    judge = Judge(choice.adapter.dialect, next(iter(versions.values())), Setting(choice.adapter.engine))
    said = judge.expects(clause, expectation.case)
    gives = expectation.behavior(clause, expectation.case, judge)
    changed, gives = (gives.names, gives.outcome) if isinstance(gives, Changes) else ((), gives)
    gives = gives.allowed[0] if isinstance(gives, AnyOf) else gives
    where = ""
    if not isinstance(gives, Refused):
        where = where_of(said, Outcome("value", at_its_bound(gives), changed=changed), True)
    text = written(choice, versions, judge, clause, (expectation.point,), expectation.case, said, where)
    assert text is not None, f"{name} has no script for {clause}"
    lines = text.splitlines()
    assert len(lines) <= MOST_LINES
    assert all(len(line) <= WIDTH for line in lines if not line.startswith("# expected"))
    assert lines[0].startswith(f"# {clause} [") and all(version in lines[0] for version in versions.values())
    frameworks = modules(choice.adapter.preamble) | set(choice.adapter.packages)
    assert modules(text) <= frameworks | STANDARD, "numpy and the framework alone"
    assert lines[-1] == "raise SystemExit(int(diverges))"


def at_its_bound(said: Any) -> Any:
    """An outcome as plain data, each measured array as far off as its own precision allows."""
    if isinstance(said, Measured):
        return (said.value + measured_bound(said)).astype(said.dtype)
    if isinstance(said, (list, tuple)):
        return type(said)(map(at_its_bound, said))
    return {k: at_its_bound(v) for k, v in said.items()} if isinstance(said, dict) else rounded(said)


def modules(text: str) -> set[str]:
    """The packages that a script imports."""
    found = set[str]()
    for node in ast.walk(ast.parse(text)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found |= {name.partition(".")[0] for name in names}
    return found
