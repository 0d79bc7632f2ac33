"""The command line: conformance list, explain, backends, smoke, run, report, baseline, diff, reproduce,
porting, merge; on releases: matrix, history, bisect, survey, cache; on the suite itself: mutants, points,
soak, flakes, coverage, gallery, speed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import conformance
from conformance.teeth.options import add_parsers


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0 for success, 1 for a finding, 2 for wrong use."""
    parser = _parser()
    asked, rest = parser.parse_known_args(arguments)
    if rest and asked.command != "run":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    from conformance import commands

    try:
        if asked.command in commands.COMMANDS:
            return commands.COMMANDS[asked.command](asked, rest)
        from conformance import release_commands

        return release_commands.COMMANDS[asked.command](asked, rest)
    except commands.WrongUse as error:
        print(f"conformance {asked.command}: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="conformance",
        description="A test-oracle conformance suite for the semantics of deep-learning layers.",
    )
    parser.add_argument("--version", action="version", version=f"conformance {conformance.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("list", help="the clauses, their points and their laws")
    explain = commands.add_parser(
        "explain", help="a clause: the law, its readings side by side, sources, laws"
    )
    explain.add_argument("clause", metavar="CLAUSE", help="such as merging.mask")
    backends = commands.add_parser("backends", help="what is available here, and what is not, and why")
    backends.add_argument("--device", default="cpu", help="device to look for (default: cpu)")
    smoke = commands.add_parser("smoke", help="prove an adapter before its backend is judged")
    smoke.add_argument("backend", metavar="BACKEND", help="as for pytest --backend")
    smoke.add_argument("--device", default="cpu", help="device to run on (default: cpu)")
    commands.add_parser("run", help="run the laws: pytest on the laws, with pytest's options", add_help=False)
    report = commands.add_parser("report", help="make the HTML page from runs")
    report.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="a run file, or a folder that holds one"
    )
    report.add_argument(
        "-o", "--output", type=Path, default=Path("reports/latest"), metavar="DIR", help="where it goes"
    )
    report.add_argument(
        "--before", nargs="+", type=Path, default=[], metavar="RUN", help="runs to compare these with"
    )
    report.add_argument(
        "--baseline",
        type=Path,
        default=Path("reports/baselines"),
        metavar="DIR",
        help="baselines whose margins stand beside these, where no run before is named",
    )
    baseline = commands.add_parser("baseline", help="keep a run as the baseline that later runs are held to")
    baseline.add_argument("run", type=Path, metavar="RUN", help="a run file, or a folder that holds one")
    baseline.add_argument(
        "-o", "--output", type=Path, default=Path("reports/baselines"), metavar="DIR", help="where it goes"
    )
    merge = commands.add_parser("merge", help="merge the shards of a run, and ask the gate of the whole")
    merge.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="the run of each shard, or the folder that holds it"
    )
    merge.add_argument(
        "-o", "--output", type=Path, default=Path("reports/latest"), metavar="DIR", help="where it goes"
    )
    merge.add_argument(
        "--baseline", type=Path, metavar="DIR", help="baselines to compare with (default: reports/baselines)"
    )
    diff = commands.add_parser("diff", help="what has become worse, better or other between two runs")
    diff.add_argument("before", type=Path, metavar="BEFORE", help="a run file, or a folder that holds one")
    diff.add_argument("after", type=Path, metavar="AFTER", help="the same, for the later run")
    reproduce = commands.add_parser("reproduce", help="write the reproduction of a divergence and run it")
    reproduce.add_argument("run", type=Path, metavar="RUN", help="a run file, or a folder that holds one")
    reproduce.add_argument(
        "id",
        nargs="?",
        metavar="LAW[BACKEND]",
        help="such as 'test_merging_…[tf]', as pytest names it (default: every divergence of the run)",
    )
    porting = commands.add_parser("porting", help="what differs between two dialects or releases")
    porting.add_argument("before", metavar="FROM", help="such as tf.keras-2")
    porting.add_argument("after", metavar="TO", help="such as keras-3 or torch")
    _add_releases(commands)
    add_parsers(commands)
    return parser


def _add_releases(commands: Any) -> None:
    """The commands on releases."""
    matrix = commands.add_parser("matrix", help="run the laws on each release of a backend")
    matrix.add_argument("backend", metavar="BACKEND@PACKAGE", help="such as keras-torch@keras")
    matrix.add_argument("--from", dest="first", metavar="VERSION", help="the first release")
    matrix.add_argument("--to", dest="last", default="latest", metavar="VERSION", help="default: latest")
    matrix.add_argument("--each", choices=("minor", "every"), default="minor", help="default: minor")
    matrix.add_argument("--versions", metavar="V,V…", help="these releases, instead of a range")
    matrix.add_argument("-k", dest="keyword", metavar="EXPRESSION", help="laws, as for pytest -k")
    matrix.add_argument("--cases", type=int, default=20, metavar="N", help="structures a law (default: 20)")
    matrix.add_argument("--seed", type=int, default=1, metavar="N", help="the same for each (default: 1)")
    matrix.add_argument(
        "--reproductions", action="store_true", help="show each divergence by a script too; slower"
    )
    matrix.add_argument("--jobs", type=int, metavar="N", help="at a time (default: what memory allows)")
    matrix.add_argument(
        "-o", "--output", type=Path, default=Path("reports/latest/matrix"), metavar="DIR", help="for the runs"
    )
    history = commands.add_parser("history", help="the page of a backend through its releases")
    history.add_argument(
        "runs",
        nargs="*",
        type=Path,
        metavar="DIR",
        help="folders of matrices to gather first; the last counts",
    )
    history.add_argument(
        "--data", type=Path, default=Path("reports/history"), metavar="DIR", help="where the history is kept"
    )
    history.add_argument(
        "-o", "--output", type=Path, default=Path("reports/latest"), metavar="DIR", help="for the page"
    )
    bisect = commands.add_parser("bisect", help="find the release in which an outcome has changed")
    bisect.add_argument(
        "case", metavar="CLAUSE", help="such as merging.mask, several with commas; a record; RUN#LAW[BACKEND]"
    )
    bisect.add_argument("backend", metavar="BACKEND", help="such as keras-torch")
    bisect.add_argument("--good", required=True, metavar="VERSION", help="a release of the backend's package")
    bisect.add_argument("--bad", required=True, metavar="VERSION", help="a later one that differs")
    bisect.add_argument(
        "--every-law", action="store_true", help="a case of each law that tells them apart, not of the first"
    )
    bisect.add_argument(
        "-o", "--output", type=Path, default=Path("reports/latest"), metavar="DIR", help="for the scripts"
    )
    survey = commands.add_parser("survey", help="one case on every backend and release, side by side")
    survey.add_argument(
        "case", metavar="CASE", help="a clause with pinned cases, a record, or RUN#LAW[BACKEND]"
    )
    survey.add_argument(
        "--backends", metavar="NAMES", help="these, as for pytest --backend (default: all that is here)"
    )
    cache = commands.add_parser("cache", help="where other releases are kept")
    cache.add_argument("--clear", action="store_true", help="delete them all")


if __name__ == "__main__":
    raise SystemExit(main())
