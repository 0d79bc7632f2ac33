"""Releases as layers: made once, whole or not at all, and never mixed."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from backends import UnknownBackend, choose
from conformance.releases import DONE, NoRelease, between, empty_cache, layer, listed

VERSIONS = ["3.0.0", "3.0.5", "3.1.0", "3.1.1", "3.2.0", "3.2.1"]
SMALL = (("six", "1.16.0"),)
"""A small package of one file, at another release than the one that is here."""


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LAYER_CONFORMANCE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_every_minor_keeps_the_newest_of_each_and_both_ends() -> None:
    assert between(VERSIONS, "3.0.0", "latest", "minor") == ["3.0.0", "3.0.5", "3.1.1", "3.2.1"]
    assert between(VERSIONS, "3.0.5", "3.1.1") == ["3.0.5", "3.1.0", "3.1.1"]


def test_an_end_that_was_never_released_is_refused_with_the_choices() -> None:
    with pytest.raises(NoRelease, match=r"3\.7 is not released; there are 3\.0\.0"):
        between(VERSIONS, "3.7", "latest")


@pytest.mark.parametrize(
    "name", ["tf@", "tf@keras", "tf@keras==", "tf@numpy==2.0", "tf@keras>=3", "nosuch@keras==3.3.3"]
)
def test_versions_that_are_not_written_rightly_are_refused(name: str) -> None:
    with pytest.raises(UnknownBackend):
        choose(name)


def test_a_pinned_version_selects_the_readings() -> None:
    assert choose("keras-torch@keras==3.3.3").version() == "3.3.3"
    assert choose("keras-torch@torch==2.13.0+keras==3.4.0").version() == "3.4.0"


def test_no_layer_is_made_for_what_is_here() -> None:
    from importlib.metadata import version

    assert layer((("numpy", version("numpy")),)) is None


def test_a_layer_holds_the_release_and_is_made_once(own_cache: Path) -> None:
    folder = layer(SMALL)
    assert folder is not None
    code = "import sys; sys.path.insert(0, sys.argv[1]); import six; print(six.__version__, six.__file__)"
    shown = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    assert shown.stdout.split()[0] == "1.16.0"
    assert shown.stdout.split()[1].startswith(str(folder))
    stamp = (folder / DONE).stat().st_mtime_ns
    assert layer(SMALL) == folder
    assert (folder / DONE).stat().st_mtime_ns == stamp


def test_a_layer_that_was_cut_off_is_made_again() -> None:
    folder = layer(SMALL)
    assert folder is not None
    (folder / DONE).unlink()
    (folder / "six.py").write_text("broken", encoding="utf-8")
    assert layer(SMALL) == folder
    assert "broken" not in (folder / "six.py").read_text(encoding="utf-8")[:10]
    assert json.loads((folder / DONE).read_text(encoding="utf-8"))["pins"] == [["six", "1.16.0"]]


def test_parallel_requests_make_a_layer_once(own_cache: Path) -> None:
    code = (
        "from conformance.releases import layer; folder = layer((('six', '1.16.0'),)); "
        "print((folder / 'layer.json').stat().st_mtime_ns)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    stamps = {process.communicate(timeout=120)[0].strip() for process in started}
    assert len(stamps) == 1
    assert stamps != {""}


def test_a_layer_whose_maker_was_killed_is_made_again_when_its_installer_has_ended(own_cache: Path) -> None:
    code = "from conformance.releases import layer; layer((('six', '1.16.0'),))"
    maker = subprocess.Popen([sys.executable, "-c", code])
    children = Path(f"/proc/{maker.pid}/task/{maker.pid}/children")
    while not (installer := children.read_text(encoding="ascii").split()):
        time.sleep(0.01)
    while b"pip" not in Path(f"/proc/{installer[0]}/cmdline").read_bytes():
        time.sleep(0.01)
    maker.kill()
    maker.wait()
    assert Path(f"/proc/{installer[0]}").exists()
    (path,) = own_cache.glob("*.lock")
    with path.open() as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    folder = layer(SMALL)
    assert folder is not None
    assert not Path(f"/proc/{installer[0]}/cwd").exists()
    assert (folder / DONE).exists()
    assert [name for name, _, whole in listed() if whole] == [folder.name]


def test_a_release_that_cannot_be_had_says_so_and_leaves_nothing(own_cache: Path) -> None:
    with pytest.raises(NoRelease, match=r"six==0\.0\.999 cannot be installed"):
        layer((("six", "0.0.999"),))
    assert not [path for path in own_cache.glob("*") if path.is_dir()]


def test_emptying_the_cache_deletes_every_layer(own_cache: Path) -> None:
    folder = layer(SMALL)
    assert empty_cache() == 1
    assert folder is not None
    assert not folder.exists()
