"""Adapters that misbehave, and the means to watch what becomes of their processes.

Each is the control with one bad habit in `merging.mask`, so that the laws of embedding are the
"following laws". pytest finds them as --backend=faults:Dies, with this folder on PYTHONPATH.
DEATHS names a file that grows by a line with every fault.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backends import worker
from backends.base import operation
from backends.numpy_control import NumpyControl
from conformance.run import Run, read_run
from conformance.trial import FILLS

REPOSITORY = Path(__file__).parent.parent
MARK = "CONFORMANCE_TEST_MARK"


class Sound(NumpyControl):
    """No fault at all: what the others are compared with."""

    name = "sound"
    dialect = "keras-3"


class Faulty(Sound):
    """The base: the fault comes at the first merge of two inputs or more."""

    @operation("merging.mask")
    def merged_mask(self, **inputs: Any) -> Any:
        if isinstance(inputs["masks"], list) and len(inputs["masks"]) > 1:
            note(type(self).__name__)
            return self.misbehave()
        return self.read(self.readings["merging.mask"], inputs)

    def misbehave(self) -> Any:
        raise NotImplementedError


class Dies(Faulty):
    def misbehave(self) -> Any:
        os.kill(os.getpid(), signal.SIGKILL)


class Hangs(Faulty):
    """A hang in C that never lets go of Python's lock, so that no thread of the worker can run."""

    def misbehave(self) -> Any:
        re.match(r"(a+)+$", "a" * 60 + "b")


class HangsWithHelper(Faulty):
    """A hang that has a process of its own, as compilers of frameworks have."""

    def misbehave(self) -> Any:
        subprocess.run([sys.executable, "-c", "import time; time.sleep(600)"], check=True)


class ReturnsGarbage(Faulty):
    def misbehave(self) -> Any:
        return object()


class AnswersGarbage(Faulty):
    """The worker's own answer is no outcome."""

    def misbehave(self) -> Any:
        worker.pack = lambda value: ["nonsense", 3]


class BreaksThePipe(Faulty):
    """Bytes of its own in the middle of the protocol, as a library that writes to a file number does."""

    def misbehave(self) -> Any:
        for number in range(3, 32):
            try:
                if "pipe" in str(Path(f"/proc/self/fd/{number}").readlink()):
                    os.write(number, b"\xff" * 64)
            except OSError:
                continue


class Exits(Faulty):
    def misbehave(self) -> Any:
        sys.exit(3)


class LosesItsFramework(Sound):
    """Its framework is a package on the disk, which is deleted once it has started."""

    def __init__(self, device: str = "cpu") -> None:
        super().__init__(device)
        with tempfile.TemporaryDirectory() as folder:
            package = Path(folder) / "dainty"
            package.mkdir()
            (package / "__init__.py").write_text("")
            (package / "merging.py").write_text("raise AssertionError('it was to be gone')")
            sys.path.insert(0, folder)
            import dainty  # type: ignore[import-not-found]

            assert dainty

    @operation("merging.mask")
    def merged_mask(self, **inputs: Any) -> Any:
        note("LosesItsFramework")
        from dainty import merging

        return merging.mask(**inputs)


class CannotStart(Sound):
    def __init__(self, device: str = "cpu") -> None:
        note("CannotStart")
        raise RuntimeError("this build needs a processor with AVX-512")


class DiesAtImport(Sound):
    """What a framework built for another processor does."""

    def __init__(self, device: str = "cpu") -> None:
        note("DiesAtImport")
        os.kill(os.getpid(), signal.SIGILL)


class HangsAtImport(Sound):
    def __init__(self, device: str = "cpu") -> None:
        time.sleep(600)


class WrongThenDies(Faulty):
    """Wrong at first, dead soon after: shrinking a divergence meets the death."""

    answers = 0

    def misbehave(self) -> Any:
        self.answers += 1
        if self.answers > 2 * FILLS:
            os.kill(os.getpid(), signal.SIGKILL)


class KillsPytest(Faulty):
    """Kills the process that started its worker, which is what a crash of pytest-xdist's looks like."""

    def misbehave(self) -> Any:
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)


def note(word: str) -> None:
    """Append a line to the file DEATHS."""
    with Path(os.environ["DEATHS"]).open("a") as file:
        file.write(f"{word}\n")


@dataclass
class Session:
    """A pytest session that has ended: its status, what it printed, its run, its faults, who is left."""

    status: int
    text: str
    run: Run
    deaths: list[str]
    left: list[str]


def environment(folder: Path, mark: str) -> dict[str, str]:
    """The environment of a session whose processes can be told by `mark`."""
    paths = [str(REPOSITORY), str(REPOSITORY / "tests"), os.environ.get("PYTHONPATH", "")]
    mine = {MARK: mark, "DEATHS": str(folder / "deaths")}
    return {**os.environ, **mine, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def command(*arguments: str, folder: Path, seed: int | None = 7, cases: int = 12) -> list[str]:
    """The command of a session on the laws, with its run in `folder`."""
    seeded = [] if seed is None else [f"--seed={seed}"]
    start = [sys.executable, "-m", "pytest", f"--cases={cases}", f"--report-dir={folder}"]
    return [*start, *seeded, *arguments]


def session(folder: Path, *arguments: str, **options: Any) -> Session:
    """Run pytest on the laws in a process of its own."""
    mark = uuid.uuid4().hex
    (folder / "deaths").touch()
    done = subprocess.run(
        command(*arguments, folder=folder, **options),
        cwd=REPOSITORY,
        env=environment(folder, mark),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Session(
        done.returncode,
        done.stdout + done.stderr,
        read_run(folder),
        (folder / "deaths").read_text().split(),
        processes(mark),
    )


def processes(mark: str) -> list[str]:
    """The command lines of the living processes that bear a mark in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has ended, or it is not ours
            continue
    return found


def wait_until(condition: Any, seconds: float = 60.0) -> bool:
    """Whether the condition came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())
