"""A fixed small run on every backend, a part of the laws of the book, within a stated time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conformance.run import read_run
from conformance.verdict import State

SEED = 20260101
PARTS = {
    "numpy": ("1/5", 3),
    "torch": ("1/5", 3),
    "hf": ("1/5", 3),
    "keras-torch": ("1/30", 2),
    # These compile for every shape that they meet.
    "tf": ("1/30", 2),
    "tf-legacy": ("1/30", 2),
    "keras-jax": ("1/30", 2),
}
"""By backend: the part of the laws, and the structures of each."""

BUDGET = 400.0
"""Seconds for one backend, the import of its framework included."""

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.framework
@pytest.mark.parametrize("name", PARTS)
def test_a_fixed_part_of_the_laws_comes_to_accepted_verdicts(name: str, tmp_path: Path) -> None:
    shard, structures = PARTS[name]
    command = [sys.executable, "-m", "pytest", "conformance/laws", "-q", "-p", "no:cacheprovider"]
    options = [
        f"--backend={name}",
        f"--cases={structures}",
        f"--seed={SEED}",
        f"--shard={shard}",
        f"--report-dir={tmp_path}",
    ]
    done = subprocess.run(
        [*command, *options], cwd=ROOT, capture_output=True, text=True, timeout=BUDGET, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    run = read_run(tmp_path)
    assert run.complete
    assert all(v.state not in (State.ERROR, State.NOT_RUN) for v in run.verdicts)
    assert any(v.state is State.PASS for v in run.verdicts)
