"""Runs every reproduction of a run outside the suite, and keeps which of them show their divergence.

The scripts of one backend run one after the other in one fresh process, which imports the framework
once. A script that does not show its divergence there gets a process of its own, whose word counts.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from backends import choose
from conformance.reproduction import surroundings
from conformance.run import REPRODUCED, Run
from conformance.upstream import write_issue

LIMIT = 120.0
"""Seconds for one script in a process of its own."""

_DRIVER = """\
import json, runpy, sys
for path in sys.argv[1:]:
    try:
        runpy.run_path(path, run_name="__main__")
        status = 0
    except SystemExit as end:
        status = end.code
    except BaseException as error:
        status = repr(error)
    print("\\n@@" + json.dumps([path, status]), flush=True)
"""


def replay(run: Run, say: Callable[[str], None] = lambda text: None) -> dict[str, bool]:
    """Run each script that the run holds: by law and backend, whether it shows its divergence.

    The scripts, beside each the text of an issue, and the answers are kept beside the run, for the report.
    say: told what is being done.
    """
    folder = run.path.parent / "reproductions"
    folder.mkdir(exist_ok=True)
    scripts: dict[str, dict[str, Path]] = {}
    for verdict in run.verdicts:
        script = (verdict.divergence or {}).get("script")
        if script:
            name = f"{verdict.backend}-{verdict.law.removeprefix('test_')}.py".replace(":", "-")
            path = (folder / name).absolute()
            path.write_text(script, encoding="utf-8")
            write_issue(path, verdict, run.identity(verdict.backend))
            scripts.setdefault(verdict.backend, {})[f"{verdict.law}[{verdict.backend}]"] = path
    found: dict[str, bool] = {}
    for backend, paths in scripts.items():
        say(f"{backend}: {len(paths)} reproductions")
        around = surroundings(choose(backend))
        shown = together(list(paths.values()), folder, around)
        for id, path in paths.items():
            found[id] = shown.get(str(path)) == 1 or _alone(path, around) == 1
            if not found[id]:
                say(f"    {path} does not show its divergence")
    (run.path.parent / REPRODUCED).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return found


def together(paths: list[Path], folder: Path, around: dict[str, str]) -> dict[str, object]:
    """The exit status of each script by its path, as far as the process came."""
    command = [sys.executable, "-c", _DRIVER, *map(str, paths)]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=around,
            capture_output=True,
            text=True,
            timeout=LIMIT + 10 * len(paths),
            check=False,
        ).stdout
    except subprocess.TimeoutExpired as late:
        done = (late.stdout or b"").decode("utf-8", "replace")
    return dict(json.loads(line[2:]) for line in done.splitlines() if line.startswith("@@"))


def _alone(path: Path, around: dict[str, str]) -> int | None:
    command = [sys.executable, str(path)]
    try:
        return subprocess.run(
            command, cwd=path.parent, env=around, capture_output=True, timeout=LIMIT, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return None
