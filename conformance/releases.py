"""Other releases of a backend's packages, each as a thin layer over the environment that is here.

A layer is a folder with the pinned packages, and with those of their requirements that this
environment does not meet; a worker puts it before everything else on its search path. A layer is
made once, in a cache that all projects share, and only one that was finished is ever used.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import Distribution, PackageNotFoundError, distributions, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import InvalidVersion, Version

from backends import Choice

Pins = tuple[tuple[str, str], ...]

DONE = "layer.json"
"""Written last: a layer without it was cut off, and is made again."""


class NoRelease(Exception):
    """A release that cannot be had; the message names it and says why."""


def cache() -> Path:
    """Where the layers are: LAYER_CONFORMANCE_CACHE, or a folder in the user's cache."""
    named = os.environ.get("LAYER_CONFORMANCE_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(named) if named else home / "layer-conformance"


def layer(pins: Pins, below: tuple[str, ...] = ()) -> Path | None:
    """The folder of a layer with just these versions, made if it is not there; None if none is needed.

    below: packages that stay those of this environment, whatever the layer's packages say of them;
    so an older tf_keras runs on the TensorFlow that is here.
    NoRelease if a version cannot be installed. Parallel requests for one layer make it once.
    """
    wanted = [(package, number) for package, number in pins if not _is_here(package, number)]
    if not wanted:
        return None
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    name = "+".join(f"{package}=={number}" for package, number in wanted)
    key = hashlib.sha256(json.dumps([python, wanted]).encode()).hexdigest()[:12]
    folder = cache() / f"{re.sub(r'[^A-Za-z0-9.=+_-]', '-', name)}-{key}"
    with _locked(folder) as lock:
        if not (folder / DONE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            _fill(folder, wanted, {_normal(package) for package in below}, lock)
            (folder / DONE).write_text(json.dumps({"pins": wanted, "python": python}), encoding="utf-8")
    return folder


def layer_of(choice: Choice) -> Path | None:
    """The folder with the pinned packages of a choice, None if nothing is pinned; NoRelease as `layer`."""
    pinned = dict(choice.pins)
    return (
        layer(choice.pins, tuple(p for p in choice.adapter.packages if p not in pinned)) if pinned else None
    )


def empty_cache() -> int:
    """Delete every layer; how many there were."""
    folders = [path for path in cache().glob("*") if path.is_dir()] if cache().exists() else []
    for folder in folders:
        shutil.rmtree(folder)
    return len(folders)


def listed() -> list[tuple[str, int, bool]]:
    """Every layer in the cache: its name, its size in bytes, and whether it is whole."""
    folders = sorted(path for path in cache().glob("*") if path.is_dir()) if cache().exists() else []
    return [
        (path.name, sum(f.stat().st_size for f in path.rglob("*") if f.is_file()), (path / DONE).exists())
        for path in folders
    ]


def released(package: str) -> list[str]:
    """The final releases of a package that the index has, oldest first; NoRelease if it cannot be asked."""
    command = [sys.executable, "-m", "pip", "index", "versions", package, "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"Available versions: (.*)", done.stdout)
    if found is None:
        raise NoRelease(f"the releases of {package} cannot be listed: {_last_line(done.stderr)}")
    return sorted((text.strip() for text in found[1].split(",")), key=Version)


def between(versions: list[str], first: str, last: str, each: str = "every") -> list[str]:
    """The versions from `first` to `last`; `each` "minor" keeps the newest of every minor, and the ends.

    `last` may be "latest". NoRelease if an end is none of the versions.
    """
    last = versions[-1] if last == "latest" else last
    for end in (first, last):
        if end not in versions:
            raise NoRelease(f"{end} is not released; there are {', '.join(versions)}")
    chosen = versions[versions.index(first) : versions.index(last) + 1]
    if each == "every":
        return chosen
    newest = {Version(text).release[:2]: text for text in chosen}
    return [text for text in chosen if text in newest.values() or text in (first, last)]


def _is_here(package: str, number: str) -> bool:
    try:
        return version(package).partition("+")[0] == number
    except PackageNotFoundError:
        return False


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """One process at a time works on a layer; an installer that is left behind holds the lock as well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def _fill(folder: Path, wanted: list[tuple[str, str]], below: set[str], lock: int) -> None:
    """Install the pinned packages, then whatever they require and this environment does not meet."""
    open_requirements = [Requirement(f"{package}=={number}") for package, number in wanted]
    while open_requirements:
        _install(folder, [str(requirement) for requirement in open_requirements], lock)
        open_requirements = [needed for needed in _unmet(folder) if _normal(needed.name) not in below]


def _install(folder: Path, requirements: list[str], lock: int) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--upgrade"]
    done = subprocess.run(
        [*command, "--disable-pip-version-check", "--target", str(folder), *requirements],
        capture_output=True,
        text=True,
        check=False,
        pass_fds=(lock,),
    )
    if done.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        raise NoRelease(f"{', '.join(requirements)} cannot be installed: {_last_line(done.stderr)}")


def _unmet(folder: Path) -> list[Requirement]:
    """What the layer's packages require that neither the layer nor the environment below it has."""
    inside = {_normal(found.metadata["Name"]): found for found in distributions(path=[str(folder)])}
    unmet: dict[str, Requirement] = {}
    for found in inside.values():
        for text in found.requires or ():
            needed = Requirement(text)
            if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
                continue
            name = _normal(needed.name)
            if name not in unmet and not _meets(inside.get(name), needed):
                unmet[name] = needed
    return list(unmet.values())


def _meets(inside: Distribution | None, needed: Requirement) -> bool:
    try:
        there = inside.version if inside is not None else version(needed.name)
        return needed.specifier.contains(Version(there), prereleases=True)
    except (PackageNotFoundError, InvalidVersion):
        return False


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _last_line(text: str) -> str:
    lines = [
        line for line in text.strip().splitlines() if line.startswith("ERROR")
    ] or text.strip().splitlines()
    return lines[-1] if lines else "no reason was given"
