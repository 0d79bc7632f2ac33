"""Where a worker runs: here, in an environment that is there already, or on another host.

A foreign interpreter gets a copy of `reference` and `backends`, and nothing else of this environment.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_AT = re.compile(r"(ssh|socket)=\S+")
_BOOT = """\
import atexit, io, shutil, sys, tempfile, zipfile
folder = tempfile.mkdtemp(prefix="conformance-")
atexit.register(shutil.rmtree, folder, True)
zipfile.ZipFile(io.BytesIO(channel.receive())).extractall(folder)
sys.path.insert(0, folder)
from backends.worker import serve
serve(channel, folder + "/worker.log")
"""


@dataclass(frozen=True)
class Place:
    """Where workers run.

    python: path of an interpreter whose environment is taken as it is; None for this one.
    at: another host, as execnet writes it: "ssh=HOST"; empty for this machine.
    """

    python: str | None = None
    at: str = ""

    @property
    def foreign(self) -> bool:
        """Whether it is another environment than the one that runs the suite."""
        return self.python is not None or bool(self.at)

    @property
    def gateway(self) -> str:
        """The place as execnet takes it."""
        if not self.at:
            return f"popen//python={self.python or sys.executable}"
        return self.at if self.at.startswith("socket=") else f"{self.at}//python={self.python or 'python3'}"

    def __str__(self) -> str:
        return " ".join(part for part in (self.at, self.python or "") if part) or "here"


def is_host(text: str) -> bool:
    """Whether a text names a host as --at takes it."""
    return _AT.fullmatch(text) is not None


def boot() -> str:
    """What a foreign interpreter runs first; it then waits for the bundle."""
    return _BOOT


def bundle() -> bytes:
    """The packages `reference` and `backends` as a zip file, without expectations."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as packed:
        for package in ("reference", "backends"):
            for path in sorted((ROOT / package).rglob("*")):
                name = path.relative_to(ROOT)
                if path.suffix in (".py", ".toml") and "expectations" not in name.parts:
                    packed.write(path, name)
    return data.getvalue()
