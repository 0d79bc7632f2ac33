"""Runs an adapter in a process of its own, at the far end of an execnet channel.

Plain data crosses, packed by `backends.codec`. Each request is answered by one message:

    ["start", name, target, option, device, pins, layer]
                                         →  ["started", identity]  or  ["failed", kind, message]
    ["perform", operation, [inputs …]]   →  ["outcomes", [outcome …]]
    ["identity"]                         →  ["identity", identity]
    ["smoke"]                            →  ["smoke", [[what, given, got] …]]
    ["script", text, seconds]            →  ["script", exit status, what it printed]
"""

from __future__ import annotations

import ctypes
import faulthandler
import importlib
import os
import signal
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from backends import Choice
from backends.base import Backend, Fault, MissingDevice, Outcome
from backends.codec import Malformed, pack, unpack


class Channel(Protocol):
    """What is used of an execnet channel."""

    def receive(self) -> Any:
        """The next item, as soon as there is one."""

    def send(self, item: object) -> None:
        """Hand plain data and bytes to the other side."""


def serve(channel: Channel, log: str) -> None:
    """Answer requests until the channel closes; standard error goes to the file `log`."""
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
    if os.getpgrp() != os.getpid():  # sshd starts what leads a session, and so a group, already
        os.setpgid(0, 0)  # what the framework starts is ended along with it
    _die_with_parent()
    faulthandler.enable(all_threads=False)
    backend: Backend | None = None
    while True:
        try:
            request = channel.receive()
        except EOFError:
            return
        if request[0] == "start":
            backend, answer = _start(*request[1:])
        else:
            assert backend is not None, "the first request is start"
            answer = _answer(backend, request)
        channel.send(answer)


def _die_with_parent() -> None:
    """Ask Linux to end this process when its parent dies, even while the framework hangs in C."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def _start(
    name: str, target: str, option: str | None, device: str, pins: list[Any], layer: str | None
) -> tuple[Backend | None, list[Any]]:
    try:
        backend = Choice(name, target, option).make(device)
        _verify(pins, layer)
        return backend, ["started", pack(backend.identity())]
    except MissingDevice as error:
        return None, ["failed", "device", str(error)]
    except Fault as error:
        return None, ["failed", "fault", str(error)]
    except Exception as error:
        return None, ["failed", "import", f"{type(error).__name__}: {error}"]


def _verify(pins: list[Any], layer: str | None) -> None:
    """Fault unless every pinned package is the one asked for: its metadata, its own word, and its file.

    Whatever else lies in the layer and was imported must come from there too.
    """
    for package, wanted in pins:
        module = importlib.import_module(package.replace("-", "_"))
        numbers = {version(package).partition("+")[0], str(module.__version__).partition("+")[0]}
        if numbers != {wanted}:
            raise Fault(f"{package} {wanted} was asked for, and {' and '.join(sorted(numbers))} runs")
    for path in Path(layer).iterdir() if layer is not None else ():
        module = sys.modules.get(path.name.partition(".")[0])  # type: ignore[assignment]
        file = getattr(module, "__file__", None)
        if file is not None and not Path(file).is_relative_to(str(layer)):
            raise Fault(f"{path.name} lies in {layer}, and {file} was imported instead")


def _answer(backend: Backend, request: list[Any]) -> list[Any]:
    match request:
        case ["perform", str(operation), list(batch)]:
            return ["outcomes", [_pack(backend.perform(operation, unpack(inputs))) for inputs in batch]]
        case ["identity"]:
            return ["identity", pack(backend.identity())]
        case ["smoke"]:
            return ["smoke", [[what, pack(given), pack(got)] for what, given, got in backend.smoke()]]
        case ["script", str(text), float(limit)]:
            return ["script", *_script(text, limit)]
    raise ValueError(f"no such request: {request!r:.200}")


def _script(text: str, limit: float) -> tuple[int, str]:
    """Run a script in a fresh process of this interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "reproduction.py")
        path.write_text(text, encoding="utf-8")
        try:
            done = subprocess.run(
                [sys.executable, str(path)],
                capture_output=True,
                text=True,
                timeout=limit,
                cwd=folder,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return 124, f"it did not end within {limit:g} s"
    return done.returncode, done.stdout + done.stderr


def _pack(outcome: Outcome) -> list[Any]:
    try:
        return [pack(field) for field in vars(outcome).values()]
    except Malformed as error:
        return _pack(
            Outcome("fault", error=("Malformed",), message=f"the adapter returned what is no data: {error}")
        )
