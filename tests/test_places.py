"""Workers in an environment that is there, and on another host."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from backends import choose
from conformance.handle import Lost, WorkerHandle
from conformance.place import Place, bundle, is_host

CASE = {
    "layer": "Add",
    "inputs": [np.zeros((1, 1, 1), np.float32)] * 2,
    "masks": [np.array([[True]]), np.array([[False]])],
}

STAND_IN = f"""\
#!{sys.executable}
import os, sys
os.setsid()
os.execv("/bin/sh", ["sh", "-c", sys.argv[-1]])
"""
"""In the place of ssh: runs here, in a session of its own as sshd does, what the other host would run."""


def performs(place: Place, name: str = "numpy:keras-2") -> None:
    handle = WorkerHandle(choose(name), "cpu", place=place)
    try:
        (outcome,) = handle.perform("merging.mask", [CASE])
        assert outcome.value.tolist() == [[False]]
        assert handle.versions() == {"numpy": np.__version__}
        assert handle.script("print('hello')\nraise SystemExit(1)", 30.0) == (1, "hello\n")
    finally:
        handle.close()


def test_an_interpreter_by_its_path_runs_the_backend() -> None:
    performs(Place(python=sys.executable))


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in, found before the command."""
    path = tmp_path / "ssh"
    path.write_text(STAND_IN, encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")


@pytest.mark.usefixtures("ssh")
def test_a_host_by_ssh_runs_the_backend() -> None:
    performs(Place(python=sys.executable, at="ssh=elsewhere"))


@pytest.mark.usefixtures("ssh")
@pytest.mark.parametrize("python", ["/nowhere/python", "/bin/false"])
def test_a_host_without_the_interpreter_is_one_sentence(python: str) -> None:
    handle = WorkerHandle(choose("numpy"), "cpu", place=Place(python=python, at="ssh=elsewhere"))
    with pytest.raises(Lost, match=rf"no Python answers at ssh=elsewhere {python}$"):
        handle.start()
    handle.close()


@pytest.mark.framework
def test_an_environment_with_another_version_is_refused() -> None:
    handle = WorkerHandle(choose("torch@torch==1.0.0"), "cpu", place=Place(python=sys.executable))
    with pytest.raises(Lost, match=r"torch 1\.0\.0 was asked for, and 2"):
        handle.start()


@pytest.mark.parametrize(("text", "good"), [("ssh=me@box", True), ("socket=box:8888", True), ("box", False)])
def test_a_host_is_written_as_execnet_writes_it(text: str, good: bool) -> None:
    assert is_host(text) is good


def test_the_copy_that_travels_is_small() -> None:
    assert len(bundle()) < 1_000_000
