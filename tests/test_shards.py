"""Shards are merged into the whole run, or refused with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.baseline import write_baselines
from conformance.cli import main
from conformance.run import RunWriter, read_run
from conformance.verdict import State, Verdict


def shard(folder: Path, place: str, laws: dict[str, State], ended: bool = True, **changes: Any) -> Path:
    """A shard's run with the laws that it had."""
    header = {
        "suite": "0.1.0",
        "started": "2026-11-22T11:30:00+00:00",
        "seed": 7,
        "cases": 100,
        "backends": ["numpy"],
        "device": "cpu",
        "against": None,
        "selection": {"keyword": "", "marker": "", "paths": [], "whole": False, "shard": place},
        **changes,
    }
    writer = RunWriter(folder / place.replace("/", "-"), header)
    for law, state in laws.items():
        verdict = Verdict(law, "merging.mask", ("and",), "numpy", "keras-2.2", state, reason="because")
        writer.write(verdict.to_json())
    if ended:
        ids = [f"test_merging.py::{law}[numpy]" for law in laws]
        writer.close(ended="2026-11-22T11:31:00+00:00", exit=0, objections=[], selected=ids)
    return writer.path


def merged(folder: Path, *paths: Path) -> int:
    baselines = str(folder / "baselines")
    return main(["merge", *map(str, paths), "-o", str(folder / "whole"), "--baseline", baselines])


def test_two_shards_make_the_whole(tmp_path: Path) -> None:
    paths = [shard(tmp_path, f"{n}/2", {f"test_{n}": State.PASS}) for n in (2, 1)]
    assert merged(tmp_path, *paths) == 0
    run = read_run(tmp_path / "whole")
    assert {verdict.law for verdict in run.verdicts} == {"test_1", "test_2"}
    assert run.complete and run.header["selection"]["whole"] and run.header["selection"]["shard"] is None


@pytest.mark.parametrize("state", [State.FAIL, State.ERROR])
def test_the_gate_is_asked_of_the_whole(
    tmp_path: Path, state: State, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [shard(tmp_path, "1/2", {"test_1": state}), shard(tmp_path, "2/2", {"test_2": State.PASS})]
    assert merged(tmp_path, *paths) == 1
    assert "test_1[numpy]" in capsys.readouterr().out


def test_what_has_vanished_from_every_shard_is_missed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = shard(tmp_path / "before", "1/1", {"test_1": State.PASS, "test_gone": State.PASS})
    write_baselines(read_run(before), tmp_path / "baselines")
    paths = [shard(tmp_path, f"{n}/2", {f"test_{n}": State.PASS}) for n in (1, 2)]
    assert merged(tmp_path, *paths) == 1
    assert "test_gone[numpy] has vanished" in capsys.readouterr().out


REFUSED: dict[str, tuple[list[tuple[str, dict[str, Any]]], str]] = {
    "missing": ([("1/3", {}), ("3/3", {})], "shard 2/3 is missing; run pytest --shard=2/3"),
    "twice": ([("1/2", {}), ("2/2", {}), ("2/2", {})], "shard 2/2 is given 2 times"),
    "of two sets": ([("1/2", {}), ("2/3", {})], "shards of 2 and 3 parts"),
    "of two suites": ([("1/2", {}), ("2/2", {"suite": "9"})], "suite is '9', and '0.1.0' in "),
    "of two seeds": ([("1/2", {}), ("2/2", {"seed": 8})], "seed is 8, and 7 in "),
    "of two backends": ([("1/2", {}), ("2/2", {"backends": ["tf"]})], "backends is ['tf']"),
    "killed": ([("1/2", {}), ("2/2", {"ended": False})], "has no footer, so it did not end"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_set_that_is_no_whole_is_refused(
    tmp_path: Path, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given, sentence = REFUSED[why]
    paths = [shard(tmp_path, place, {f"test_{place[0]}": State.PASS}, **changes) for place, changes in given]
    assert merged(tmp_path, *paths) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "whole").exists()
