"""Baselines: what they keep, what is no baseline, and which runs are held to one."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

import conformance
from conformance.baseline import fitting, read_baselines, write_baselines
from conformance.compare import compare
from conformance.run import BrokenRun, Run, RunWriter, read_run
from conformance.verdict import State, Verdict

KERAS = {"packages": {"keras": "3.15.1", "torch": "2.13.0", "numpy": "2.4.6"}, "device": "cpu:0"}
MARGINS = {"float32": [0.123456789, 7, 2, 0, 0, 0, 0, 0, 0, 0, 0]}
CAME = {"case": {"dict": []}, "script": "import numpy", "actual": {"kind": "value", "value": [1]}}
STATES = [
    ("test_one", State.PASS, {"by_dtype": MARGINS, "margin": 0.123456789, "cases": 40, "seconds": 2.5}),
    ("test_two", State.FAIL, {"reason": "no", "expected": True, "divergence": CAME}),
    ("test_three", State.UNSUPPORTED, {"reason": "no axis"}),
]


def run_of(folder: Path, *, mixed: bool = False, footer: bool = True, **header: Any) -> Run:
    """A run of three laws and a survey on two backends. mixed: with the lines in another order."""
    backends = ["keras-torch", "numpy"]
    said = {"suite": conformance.__version__, "backends": backends, "cases": 100, **header}
    lines = [
        Verdict(law, "merging.mask", ("rule",), backend, "keras-3", state, **more).to_json()
        for backend in backends
        for law, state, more in STATES
    ]
    lines += [
        {
            "type": "survey",
            "backend": backend,
            "dialect": "keras-3",
            "clause": "merging.mask",
            "point": "broadcast",
            "name": name,
            "case": {"dict": [["masks", None]]},
            "outcome": "value: True",
        }
        for backend in backends
        for name in ("one mask", "two masks")
    ]
    if mixed:
        random.Random(1).shuffle(lines)
    writer = RunWriter(folder, said)
    for backend in backends:
        writer.write({"type": "identity", "backend": backend, "identity": KERAS, "operations": {}})
    for line in lines:
        writer.write(line)
    if footer:
        writer.close(exit=0, objections=[], selected=[])
    return read_run(folder)


def test_a_baseline_keeps_of_each_backend_what_a_comparison_needs(tmp_path: Path) -> None:
    run = run_of(tmp_path / "run")
    paths = write_baselines(run, tmp_path / "kept")
    assert [path.name for path in paths] == ["keras-torch.jsonl", "numpy.jsonl"]
    kept = read_baselines(tmp_path / "kept", ["numpy", "keras-torch", "tf"])
    assert list(kept) == ["numpy", "keras-torch"]
    assert not any(vars(compare([run], [*kept.values()])).values())
    assert not any(vars(compare([*kept.values()], [run])).values())
    assert all(one.complete and one.identity(name) == KERAS for name, one in kept.items())
    found = {v.law: v for v in kept["keras-torch"].verdicts}
    assert {law: v.state for law, v in found.items()} == {law: state for law, state, _ in STATES}
    assert found["test_one"].by_dtype == {"float32": [0.123, 7, 2, 0, 0, 0, 0, 0, 0, 0, 0]}
    assert found["test_two"].expected
    text = paths[0].read_text()
    assert not any(word in text for word in ("script", 'case"', "no axis", "seconds"))


def test_another_outcome_behind_a_known_divergence_is_told_from_the_baseline(tmp_path: Path) -> None:
    write_baselines(run_of(tmp_path / "run"), tmp_path / "kept")
    kept = read_baselines(tmp_path / "kept", ["numpy"])
    now = run_of(tmp_path / "run")
    for verdict in now.verdicts:
        if verdict.divergence:
            verdict.divergence["actual"] = {"kind": "value", "value": [2]}
    changed = compare(kept.values(), [now]).changed
    assert changed == ["test_two[numpy]: diverges otherwise than before"]


def test_a_baseline_does_not_depend_on_the_order_of_the_run(tmp_path: Path) -> None:
    files = [
        write_baselines(run_of(tmp_path / name, mixed=mixed), tmp_path / name / "kept")
        for name, mixed in (("one", False), ("other", True))
    ]
    for one, other in zip(*files, strict=True):
        assert one.read_bytes().splitlines()[:-1] == other.read_bytes().splitlines()[:-1]


def test_a_baseline_of_another_suite_is_refused(tmp_path: Path) -> None:
    write_baselines(run_of(tmp_path, suite="0.0.1"), tmp_path)
    with pytest.raises(BrokenRun, match=r"numpy\.jsonl: a baseline of suite 0\.0\.1, and this is "):
        read_baselines(tmp_path, ["numpy"])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"footer": False}, "has no footer, so it did not end, and is no baseline"),
        ({"against": "keras-2"}, "judged against keras-2 and not by the dialects of its backends"),
    ],
)
def test_not_every_run_is_a_baseline(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BrokenRun, match=sentence):
        write_baselines(run_of(tmp_path, **changes), tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_a_selection_does_not_take_the_place_of_more(tmp_path: Path) -> None:
    whole = run_of(tmp_path / "whole")
    (path, _) = write_baselines(whole, tmp_path / "kept")
    before = path.read_bytes()
    part = run_of(tmp_path / "part", selection={"keyword": "one", "whole": False})
    part.verdicts = [verdict for verdict in part.verdicts if verdict.law == "test_one"]
    with pytest.raises(BrokenRun, match=r"a selection of the laws, without 2 that .*keras-torch\.jsonl has"):
        write_baselines(part, tmp_path / "kept")
    assert path.read_bytes() == before
    assert write_baselines(part, tmp_path / "elsewhere")
    assert write_baselines(part, tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("now", "asked", "held"),
    [
        (KERAS, False, True),
        ({**KERAS, "packages": {**KERAS["packages"], "numpy": "2.5.0"}}, False, True),
        ({**KERAS, "packages": {**KERAS["packages"], "keras": "3.16.0"}}, False, False),
        ({**KERAS, "packages": {**KERAS["packages"], "torch": "2.14.0"}}, False, False),
        ({**KERAS, "packages": {**KERAS["packages"], "keras": "3.16.0"}}, True, True),
        ({**KERAS, "device": "cuda:0"}, False, False),
        ({**KERAS, "device": "cuda:0"}, True, True),
        ({}, False, True),
    ],
)
def test_a_run_is_held_to_the_baseline_of_its_versions_and_device(
    tmp_path: Path, now: dict[str, Any], asked: bool, held: bool
) -> None:
    write_baselines(run_of(tmp_path / "run"), tmp_path)
    baselines = read_baselines(tmp_path, ["numpy"])
    fits, remarks = fitting(baselines, {"numpy": now}, asked=asked)
    assert (fits == baselines) is held
    assert len(remarks) == (not held)
    assert all("not compared; --baseline=DIR compares all the same" in remark for remark in remarks)
