"""The command line: conformance list, explain, backends, smoke, run, report, baseline, diff, reproduce,
bisect, porting, merge, cache; mutants, soak, flakes, gallery.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

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
        return commands.COMMANDS[asked.command](asked, rest)
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
    merge.add_argument("--baseline", type=Path, default=Path("reports/baselines"), metavar="DIR")
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
    bisect = commands.add_parser("bisect", help="find the release in which an outcome has changed")
    bisect.add_argument("clause", metavar="CLAUSE", help="such as merging.mask")
    bisect.add_argument("backend", metavar="BACKEND", help="such as keras-torch")
    bisect.add_argument("--good", required=True, metavar="VERSION", help="a release of the backend's package")
    bisect.add_argument("--bad", required=True, metavar="VERSION", help="a later one that differs")
    porting = commands.add_parser("porting", help="what differs between two dialects or releases")
    porting.add_argument("before", metavar="FROM", help="such as tf.keras-2")
    porting.add_argument("after", metavar="TO", help="such as keras-3 or torch")
    cache = commands.add_parser("cache", help="where other releases are kept")
    cache.add_argument("--clear", action="store_true", help="delete them all")
    add_parsers(commands)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
