"""What pytest was asked for: backends, device, number of structures, seed, and where things go.

Every refusal here is a `pytest.UsageError` of one sentence: what, the value, the choices, the fix.
"""

from __future__ import annotations

import re
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from backends import BUILT_IN, Choice, UnknownBackend, choose, known
from backends.base import MissingDevice
from conformance.examine import Options
from conformance.expectation import BrokenExpectation, Expectation, load, load_file
from conformance.handle import Handle, LocalHandle, Lost, WorkerHandle
from conformance.place import Place, is_host
from conformance.plugin import spelled
from reference.dialects import DIALECTS

EXPECTATIONS = Path(__file__).resolve().parent.parent / "backends" / "expectations"


@dataclass
class Asked:
    """The options of a run, checked."""

    choices: list[Choice]
    device: str
    options: Options
    folder: Path
    in_process: bool
    limit: float
    baseline: Path
    baseline_asked: bool
    seed_option: str
    device_option: str
    place: Place = field(default_factory=Place)
    handles: dict[str, Handle] = field(default_factory=dict)

    def handle(self, name: str) -> Handle:
        """The hold on a backend; made at the first call, started at the first case."""
        if name not in self.handles:
            choice = next(choice for choice in self.choices if choice.name == name)
            self.handles[name] = (
                LocalHandle(choice, self.device)
                if self.in_process
                else WorkerHandle(choice, self.device, self.limit, self.place)
            )
        return self.handles[name]

    def close(self) -> None:
        """End every backend."""
        for handle in self.handles.values():
            handle.close()


def ask(config: pytest.Config) -> Asked:
    """Check the options; UsageError on the first that cannot be served."""
    get = config.getoption
    named = get("conformance_backend")
    place = _place(config)
    choices = _choices(spelled(config, "backend"), "numpy" if named is None else named, place)
    against = get("conformance_against")
    if against is not None and against.partition("@")[0] not in DIALECTS:
        raise pytest.UsageError(
            f"{spelled(config, 'against')}={against}: there is no such dialect; "
            f"choose from {', '.join(DIALECTS)}, or DIALECT@VERSION"
        )
    device = get("conformance_device")
    if not re.fullmatch(r"[a-z]+(:[0-9]+)?", device):
        raise pytest.UsageError(
            f"{spelled(config, 'device')}={device} is not written like a device; "
            "choose one like cpu, cpu:1, gpu, cuda or cuda:1"
        )
    if against is not None and get("conformance_update_baseline"):
        raise pytest.UsageError(
            f"{spelled(config, 'update-baseline')} keeps what a backend does by its own dialect, and "
            f"{spelled(config, 'against')}={against} judges by another; leave one of them out"
        )
    seed = get("conformance_seed")
    worker_input = getattr(config, "workerinput", {})
    folder = Path(get("conformance_report_dir") or config.rootpath / "reports" / "latest").absolute()
    baseline = get("conformance_baseline")
    options = Options(
        structures=_positive(spelled(config, "cases"), get("conformance_cases")),
        seed=worker_input.get("conformance_seed", secrets.randbits(32) if seed is None else seed),
        against=against,
        folder=None if get("conformance_no_reproductions") else folder / "reproductions",
        shrinking=_limit(spelled(config, "shrinking"), get("conformance_shrinking"), "it", 30),
        expectations={} if against else _expectations(choices, get("conformance_expectations")),
    )
    return Asked(
        choices,
        device,
        options,
        folder,
        bool(get("conformance_in_process")),
        _limit(spelled(config, "limit"), get("conformance_limit")),
        _baseline(spelled(config, "baseline"), baseline) or config.rootpath / "reports" / "baselines",
        baseline is not None,
        spelled(config, "seed"),
        spelled(config, "device"),
        place,
    )


def _place(config: pytest.Config) -> Place:
    """Where the backends run."""
    place = Place(config.getoption("conformance_python"), config.getoption("conformance_at") or "")
    if place.at and not is_host(place.at):
        raise pytest.UsageError(
            f"{spelled(config, 'at')}={place.at} names no host; write ssh=HOST, or socket=HOST:PORT"
        )
    if place.python and not place.at and shutil.which(place.python) is None:
        raise pytest.UsageError(
            f"{spelled(config, 'python')}={place.python}: there is no such interpreter; give its path"
        )
    if place.foreign and config.getoption("conformance_in_process"):
        raise pytest.UsageError(
            f"{spelled(config, 'in-process')} runs backends in this process, and {place} is another; "
            "leave one of them out"
        )
    return place


def _choices(option: str, text: str, place: Place) -> list[Choice]:
    choices: list[Choice] = []
    for name in filter(None, (part.strip() for part in text.split(","))):
        try:
            choice = choose(name)
        except UnknownBackend as error:
            raise pytest.UsageError(f"{option}={text}: {error}") from None
        if choice.missing and not place.foreign:
            packages = ", ".join(choice.missing)
            what = f"'layer-conformance[{name}]'" if name in BUILT_IN else packages.replace(",", "")
            raise pytest.UsageError(
                f"{option}={name} needs {packages}, which this Python does not have; install it with "
                f"pip install {what}, or choose one that conformance backends finds here"
            )
        if choice.name not in [other.name for other in choices]:
            choices.append(choice)
    if not choices:
        raise pytest.UsageError(f"{option}={text!r} names no backend; choose from {', '.join(known())}")
    return choices


def _expectations(choices: list[Choice], files: list[str]) -> dict[str, list[Expectation]]:
    """Ours, and those of the files on top: of two on one point the later wins."""
    try:
        plain = {choice.name.partition("@")[0] for choice in choices}
        found = {name: load(EXPECTATIONS, name) for name in plain}
        for path in map(Path, files):
            if path.stem not in found:
                names = ", ".join(f"{name}.toml" for name in found)
                raise pytest.UsageError(f"--expectations={path}: the file is named for its backend, {names}")
            added = load_file(path, path.stem)
            points = {(entry.clause, entry.point) for entry in added}
            kept = [entry for entry in found[path.stem] if (entry.clause, entry.point) not in points]
            found[path.stem] = kept + added
    except BrokenExpectation as error:
        raise pytest.UsageError(str(error)) from None
    return found


def shard(option: str, text: str) -> tuple[int, int]:
    """The number of a shard and how many there are: "2/5" gives (2, 5)."""
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        raise pytest.UsageError(f"{option}={text}: write it as K/N with 1 ≤ K ≤ N, such as {option}=2/5")
    return int(number), int(count)


def _positive(name: str, number: int) -> int:
    if number < 1:
        raise pytest.UsageError(
            f"{name}={number} would check nothing; choose 1 or more structures a law, such as {name}=100"
        )
    return number


def _limit(name: str, seconds: float, whom: str = "a worker", usual: int = 120) -> float:
    if not seconds > 0:
        raise pytest.UsageError(
            f"{name}={seconds:g} leaves {whom} no time; choose more than 0 seconds, such as {name}={usual}"
        )
    return seconds


def _baseline(name: str, folder: str | None) -> Path | None:
    if folder is not None and not Path(folder).is_dir():
        raise pytest.UsageError(
            f"{name}={folder}: there is no such folder; choose one that holds runs named BACKEND.jsonl"
        )
    return None if folder is None else Path(folder)


def check_devices(asked: Asked, *, xdist: bool = False) -> None:
    """Start the backends with a device other than the plain CPU, or with pinned versions.

    A missing device is no silent CPU run, and a release that cannot be had no run of another.
    xdist: the backends will run in other processes, so those that were started here are ended.
    """
    for choice in asked.choices:
        if asked.device == "cpu" and not choice.pins and not asked.place.foreign:
            continue
        try:
            asked.handle(choice.name).start()
        except MissingDevice as error:
            asked.close()
            raise pytest.UsageError(
                f"{asked.device_option}={asked.device}: {error}; choose one of these, "
                "or run where there is such a device"
            ) from None
        except Lost as lost:
            asked.close()
            raise pytest.UsageError(f"--backend={choice.name} --device={asked.device}: {lost}") from None
        if xdist:
            asked.handle(choice.name).close()


def recorded_seed(config: pytest.Config) -> dict[str, Any]:
    """What a process of pytest-xdist must know of the run."""
    asked: Asked | None = config.stash.get(ASKED, None)
    return {} if asked is None else {"conformance_seed": asked.options.seed}


ASKED = pytest.StashKey[Asked]()
