"""How many graphs a second are built and run: far more than the suite was asked for, whatever runs beside."""

from __future__ import annotations

import pytest

from backends import choose
from conformance import cli
from conformance.examine import Options
from conformance.handle import LocalHandle
from conformance.law import load_laws
from conformance.speed import paces


@pytest.mark.parametrize(("name", "backend"), [("numpy:keras-3", 300), ("torch", 20)])
def test_graphs_a_second(name: str, backend: float) -> None:
    found = list(paces(LocalHandle(choose(name), "cpu"), "composition.call", Options(structures=10)))
    laws = [law for law in load_laws().values() if law.clause == "composition.call"]
    assert [one.law for one in found] == laws
    assert all(one.cases >= 10 for one in found)
    first = found[0]
    assert first.cases / first.backend > backend, str(first)
    assert first.cases / first.reading > 300, str(first)


def test_the_command_says_the_pace_of_each_law(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["speed", "text.words", "--backend", "numpy:keras-3", "--cases", "5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert all(line.startswith("numpy:keras-3: ") and "cases a second" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["composition.cal", "--backend", "numpy"], "composition.call"),
        (["composition", "--backend", "numpy"], "name one of its clauses"),
        (["composition.call", "--backend", "keras"], "keras"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["speed", *arguments]) == 2
    assert said in capsys.readouterr().err
