"""Proposed expectations: new divergences as entries that a person completes before they count.

`reason`, `link`, `behaves-as` and `kind` are left empty, and the loader refuses an empty one: nobody
accepts a divergence by accident.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from conformance.verdict import State, Verdict


def propose(verdicts: Iterable[Verdict], versions: dict[str, str], folder: Path) -> list[Path]:
    """Write `folder/BACKEND.toml` for each backend with an unexpected fail; the paths of the files.

    versions: by backend, the version that was seen; an entry speaks of it and of all later ones.
    """
    entries: dict[str, list[str]] = {}
    for verdict in verdicts:
        record = verdict.divergence
        if verdict.state is State.FAIL and not verdict.expected and record:
            backend = verdict.backend.partition("@")[0]
            path = Path(backend) / f"{verdict.law.removeprefix('test_')}.json"
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(
                json.dumps({"case": record["case"]}, indent=1) + "\n", encoding="utf-8"
            )
            entries.setdefault(backend, []).append(_entry(verdict, record, versions, path))
    written = []
    for backend, texts in entries.items():
        path = folder / f"{backend}.toml"
        path.write_text("\n".join(texts), encoding="utf-8")
        written.append(path)
    return written


def _entry(verdict: Verdict, record: dict[str, Any], versions: dict[str, str], path: Path) -> str:
    version = versions.get(verdict.backend, "")
    said = {
        "clause": verdict.clause,
        "point": record["point"],
        "versions": f">={version}" if version else "any",
        "device": "any",
        "kind": "",
        "counterexample": str(path),
        "behaves-as": "",
        "reason": "",
        "link": "",
    }
    seen = f"# {verdict.sentence}: {' '.join(verdict.reason.split())}"
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in said.items()]
    return "\n".join([seen[:200], "[[expectation]]", *lines, ""])
