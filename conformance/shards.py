"""Merges the shards of one run into the whole: complete, and of one suite, seed and set of backends."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from conformance.baseline import fitting, read_baselines
from conformance.gate import objections
from conformance.run import BrokenRun, Run, RunWriter, read_run

SAME = ("suite", "seed", "cases", "backends", "device", "against")
"""What must be alike in the headers of shards that belong together."""


def merge(
    runs: list[Run], folder: Path, baselines: Path, *, asked: bool = False
) -> tuple[Run, list[str], list[str]]:
    """Write the whole run into `folder` and judge it: the run, what the gate objects to, and remarks.

    asked: whether the baselines were asked for, or are there by default.

    BrokenRun if a shard is missing, is there twice, did not end, or belongs to another run.
    """
    _check(runs)
    first = runs[0].header
    selection = {**first["selection"], "shard": None, "whole": _whole(runs)}
    writer = RunWriter(
        folder, {k: v for k, v in first.items() if k not in ("type", "schema")} | {"selection": selection}
    )
    for run in runs:
        for line in run.identities.values():
            writer.write(line)
        for verdict in run.verdicts:
            writer.write(verdict.to_json())
    surveys = {(s["backend"], s["clause"], s["name"]): s for run in runs for s in run.surveys}
    for survey in surveys.values():
        writer.write(survey)
    selected = sorted({id for run in runs for id in (run.footer or {}).get("selected", ())})
    verdicts = {f"{v.law}[{v.backend}]": v for run in runs for v in run.verdicts}
    kept: dict[str, Run] = {}
    remarks: list[str] = []
    if not first["against"]:
        who = {name: line.get("identity") or {} for run in runs for name, line in run.identities.items()}
        kept, remarks = fitting(read_baselines(baselines, first["backends"]), who, asked=asked)
    found = objections(
        verdicts,
        {id.rpartition("::")[2] for id in selected},
        kept,
        whole=selection["whole"],
        structures=int(first["cases"]),
        surveys=list(surveys.values()) if asked else None,
    )
    ended = max(str((run.footer or {}).get("ended", "")) for run in runs)
    writer.close(ended=ended, exit=int(bool(found)), objections=found, selected=selected)
    return read_run(folder), found, remarks


def _check(runs: list[Run]) -> None:
    first = runs[0]
    places: list[tuple[int, int]] = []
    for run in runs:
        if not run.complete:
            raise BrokenRun(f"{run.path}: the shard has no footer, so it did not end; run it again")
        for key in SAME:
            if run.header.get(key) != first.header.get(key):
                raise BrokenRun(
                    f"{run.path}: {key} is {run.header.get(key)!r}, and {first.header.get(key)!r} in "
                    f"{first.path}; shards of one run are alike in {', '.join(SAME)}"
                )
        place, _, parts = str(run.header["selection"].get("shard") or "1/1").partition("/")
        places.append((int(place), int(parts)))
    counts = sorted({count for _, count in places})
    if len(counts) > 1:
        raise BrokenRun(f"the runs are shards of {' and '.join(map(str, counts))} parts; merge one set")
    count = counts[0]
    there = Counter(number for number, _ in places)
    if twice := [number for number, times in there.items() if times > 1]:
        raise BrokenRun(f"shard {twice[0]}/{count} is given {there[twice[0]]} times; give each once")
    if missing := sorted(set(range(1, count + 1)) - set(there)):
        raise BrokenRun(f"shard {missing[0]}/{count} is missing; run pytest --shard={missing[0]}/{count}")


def _whole(runs: list[Run]) -> bool:
    """Whether nothing but the shards was deselected."""
    selection = runs[0].header["selection"]
    narrowed = any(selection.get(key) for key in ("keyword", "marker"))
    return not narrowed and not any("::" in path or path.endswith(".py") for path in selection["paths"])
