"""A hold on a backend, in a process of its own or in this one.

A backend that cannot be started, dies, hangs or answers garbage raises `Lost`, once, with a
sentence; the handle can be used again and starts the backend anew.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np

from backends import Choice
from backends.base import Fault, MissingDevice, Outcome
from backends.codec import Malformed, pack, unpack
from conformance.place import Place, boot, bundle
from conformance.releases import NoRelease, layer_of

START_LIMIT = 300.0
"""Seconds that a backend may take to import its framework."""


class Lost(BaseException):
    """The backend is gone; the message says how.

    Not an Exception, so that Hypothesis does not take it for a failure of the case and run into
    the same death again and again to shrink it.
    """


class Handle:
    """The base: what every hold on a backend can do."""

    def __init__(self, choice: Choice, device: str) -> None:
        self.choice = choice
        self.device = device
        self.place = Place()
        self.identity: dict[str, Any] | None = None

    def version(self) -> str | None:
        """The version that selects the readings; of a foreign place what the backend says there."""
        return self.start()["version"] if self.place.foreign else self.choice.version()

    def versions(self) -> dict[str, str]:
        """The versions of the packages that the adapter needs."""
        if not self.place.foreign:
            return self.choice.versions()
        there = self.start()["packages"]
        return {package: there[package] for package in self.choice.adapter.packages or ("numpy",)}

    def start(self) -> dict[str, Any]:
        """Start the backend unless it runs; its identity. MissingDevice, or Lost with the reason."""
        raise NotImplementedError

    def perform(self, operation: str, batch: list[dict[str, Any]]) -> list[Outcome]:
        """Do one operation on several cases."""
        raise NotImplementedError

    def script(self, text: str, limit: float) -> tuple[int, str]:
        """Run a script in a fresh process beside the backend: its exit status, and what it printed."""
        raise NotImplementedError

    def smoke(self) -> list[tuple[str, Any, Any]]:
        """The adapter's own checks: (what, given, got back)."""
        raise NotImplementedError

    def close(self) -> None:
        """End the backend."""


class LocalHandle(Handle):
    """The backend in this process: for debugging, and for light backends."""

    def start(self) -> dict[str, Any]:
        if self.identity is None:
            try:
                self._backend = self.choice.make(self.device)
            except MissingDevice:
                raise
            except Fault as error:
                raise Lost(f"{self.choice.name} could not be started: {error}") from None
            except Exception as error:
                raise Lost(
                    f"{self.choice.name} could not be started: {type(error).__name__}: {error}"
                ) from None
            self.identity = self._backend.identity()
        return self.identity

    def perform(self, operation: str, batch: list[dict[str, Any]]) -> list[Outcome]:
        self.start()
        # The backend gets arrays of its own, as it does in a worker, so that a change in place is its own.
        return [self._backend.perform(operation, _copied(inputs)) for inputs in batch]

    def smoke(self) -> list[tuple[str, Any, Any]]:
        self.start()
        return list(self._backend.smoke())

    def close(self) -> None:
        if self.identity is not None:
            self.identity = self._backend.identity()


class WorkerHandle(Handle):
    """The backend in a worker process; `limit` seconds for each request."""

    def __init__(self, choice: Choice, device: str, limit: float = 120.0, place: Place | None = None) -> None:
        super().__init__(choice, device)
        self.limit = limit
        self.place = place or Place()
        self._group: Any = None
        self._failed_starts = 0
        self._why = ""

    def start(self) -> dict[str, Any]:
        if self._group is not None and self.identity is not None:
            return self.identity
        if self._failed_starts >= 2:
            raise Lost(
                f"{self.choice.name} was given up after {self._failed_starts} failed starts: {self._why}"
            )
        import execnet

        below = self.layer()
        self._log = tempfile.NamedTemporaryFile(prefix="conformance-worker-", suffix=".log")  # noqa: SIM115
        self._group = execnet.Group()
        self._connect(below)
        choice = self.choice
        try:
            pins = [list(pin) for pin in choice.pins]
            request = ["start", choice.name, choice.target, choice.option, self.device, pins]
            self.identity = self._started(self._ask([*request, str(below) if below else None], START_LIMIT))
        except Lost as lost:
            self._failed_starts += 1
            self._why = str(lost)
            raise
        self._failed_starts = 0
        return self.identity

    def _connect(self, below: Path | None) -> None:
        """Start the process, and let it serve."""
        try:
            self._gateway = self._group.makegateway(self.place.gateway)
            self._serve(below)
        except Exception as error:  # whatever execnet meets on the way to another interpreter
            self._why = f"no worker at {self.place}: {type(error).__name__}: {error}"
            if isinstance(error, OSError):  # it ended before it had read a word
                self._why = f"no Python answers at {self.place}"
            self._group.terminate(timeout=1.0)
            self._group = None
            self._log.close()
            self._failed_starts += 1
            raise Lost(f"{self.choice.name} could not be started: {self._why}") from None

    def _serve(self, below: Path | None) -> None:
        """Let the process answer requests; a foreign one gets our packages first."""
        if self.place.foreign:
            self._channel = self._gateway.remote_exec(boot())
            self._channel.send(bundle())
            return
        paths = repr([*([str(below)] if below else []), *(path for path in sys.path if path)])
        self._channel = self._gateway.remote_exec(
            f"import sys\nsys.path[:] = {paths}\n"
            f"from backends.worker import serve\nserve(channel, {self._log.name!r})"
        )

    def _started(self, answer: Any) -> dict[str, Any]:
        """The identity in the answer to a start."""
        match answer:
            case ["started", packed]:
                identity = self._unpacked(packed)
                if isinstance(identity, dict):
                    return identity
            case ["failed", "device", str(message)]:
                self._end()
                raise MissingDevice(message)
            case ["failed", _, str(message)]:
                self._end()
                raise Lost(f"{self.choice.name} could not be started: {message}")
        raise self._garbage(answer)

    def layer(self) -> Path | None:
        """The folder with the pinned packages, None if nothing is pinned or they must be there already."""
        if self.place.foreign:
            return None
        try:
            return layer_of(self.choice)
        except NoRelease as error:
            raise Lost(f"{self.choice.name} was not run: {error}") from None

    def perform(self, operation: str, batch: list[dict[str, Any]]) -> list[Outcome]:
        self.start()
        answer = self._ask(["perform", operation, [pack(inputs) for inputs in batch]], self.limit)
        match answer:
            case ["outcomes", list(outcomes)] if len(outcomes) == len(batch):
                try:
                    return [_outcome(*map(unpack, fields)) for fields in outcomes]
                except (TypeError, ValueError) as error:
                    raise self._garbage(str(error)) from None
        raise self._garbage(answer)

    def script(self, text: str, limit: float) -> tuple[int, str]:
        """Run a script in a fresh process beside the worker: its exit status, and what it printed."""
        self.start()
        match self._ask(["script", text, limit], limit + 10.0):
            case ["script", int(status), str(printed)]:
                return status, printed
            case answer:
                raise self._garbage(answer)

    def smoke(self) -> list[tuple[str, Any, Any]]:
        self.start()
        match self._ask(["smoke"], self.limit):
            case ["smoke", list(checks)]:
                return [(what, self._unpacked(given), self._unpacked(got)) for what, given, got in checks]
            case answer:
                raise self._garbage(answer)

    def _unpacked(self, packed: Any) -> Any:
        try:
            return unpack(packed)
        except Malformed as error:
            raise self._garbage(str(error)) from None

    def close(self) -> None:
        if self._group is not None:
            try:
                match self._ask(["identity"], 10.0):
                    case ["identity", packed]:
                        self.identity = self._unpacked(packed)
            except Lost:
                pass
        self._end()

    def _ask(self, request: list[Any], limit: float) -> Any:
        name = self.choice.name
        # A pipe that a stopped worker no longer empties would hold `send` back for ever.
        self._blocked = False
        overdue = threading.Timer(limit, self._unblock)
        overdue.start()
        try:
            self._channel.send(request)
            overdue.cancel()
            return self._channel.receive(timeout=limit)
        except self._channel.TimeoutError:
            raise self._hung(request, limit) from None
        except (EOFError, OSError):
            raise (self._hung(request, limit) if self._blocked else self._died(request)) from None
        except self._channel.RemoteError as error:
            message = str(error).strip().splitlines()[-1]
            self._end()
            raise Lost(f"the worker of {name} failed in {_brief(request)}: {message}") from None
        except KeyboardInterrupt:
            self._end()  # an answer that nobody waits for would be taken for the next one
            raise
        finally:
            overdue.cancel()

    def _unblock(self) -> None:
        """End a worker that does not even take its request."""
        self._blocked = True
        self._kill()

    def _hung(self, request: list[Any], limit: float) -> Lost:
        self._end()
        asked = _brief(request)
        return Lost(f"{self.choice.name} hung: no answer to {asked} within {limit:g} s; its worker was ended")

    def _died(self, request: list[Any]) -> Lost:
        how = "its connection broke"
        with contextlib.suppress(subprocess.TimeoutExpired):
            if (process := self._process()) is not None:
                how = _ending(process.wait(timeout=2.0))
        said = _last_words(Path(self._log.name).read_text(errors="replace"))
        self._end()
        tail = f"; its last words: {said}" if said else ""
        return Lost(f"the worker of {self.choice.name} died ({how}) during {_brief(request)}{tail}")

    def _garbage(self, answer: Any) -> Lost:
        self._end()
        return Lost(f"the worker of {self.choice.name} answered garbage: {answer!r:.200}")

    def _end(self) -> None:
        """End the worker, whatever state it is in, and leave no process behind."""
        if self._group is None:
            return
        self._kill()
        if (process := self._process()) is not None:
            process.wait()
        self._group.terminate(timeout=1.0)
        self._group = None
        self._log.close()

    def _kill(self) -> None:
        """Kill the worker, and its group, if it leads one by now."""
        process = self._process()
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()

    def _process(self) -> Any:
        """The process that this end started, None for a socket; execnet offers no public way to it."""
        return getattr(self._gateway._io, "popen", None)


def _ending(status: int) -> str:
    """How a process ended, by what `wait` gives."""
    if status == 0:
        return "exit status 0: it left, or its connection broke"
    if status > 0:
        return f"exit status {status}"
    known = -status in set(signal.Signals)
    return f"signal {signal.Signals(-status).name if known else -status}"


def _last_words(log: str) -> str:
    """The end of what a worker wrote, or the head of Python's own report of a crash, on one line."""
    lines = log.strip().splitlines()
    crash = next((number for number, line in enumerate(lines) if line.startswith("Fatal Python error")), None)
    chosen = lines[-8:] if crash is None else lines[crash : crash + 8]
    return " | ".join(line.strip() for line in chosen if line.strip())


def _outcome(kind: Any, value: Any, error: Any, message: Any, changed: Any, seconds: Any) -> Outcome:
    if kind not in ("value", "refusal", "unsupported", "fault") or not isinstance(seconds, float):
        raise ValueError(f"no outcome is of kind {kind!r}")
    return Outcome(kind, value, tuple(error), message, tuple(changed), seconds)


def _copied(value: Any) -> Any:
    """The value with arrays of its own."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (list, tuple)):
        return type(value)(map(_copied, value))
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return value


def _brief(request: list[Any]) -> str:
    return str(request[1] if request[0] == "perform" else request[0])
