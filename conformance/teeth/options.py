"""The options of the commands that try the suite itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def add_parsers(commands: Any) -> None:
    """The options of these commands."""
    work = {
        "type": Path,
        "default": Path("reports/teeth"),
        "metavar": "DIR",
        "help": "where the work is kept",
    }
    write = {"action": "store_true", "help": "keep the figures for the report"}
    one = commands.add_parser("mutants", help="judge the laws: by automatic mutants of the reference")
    one.add_argument("scope", nargs="*", metavar="CHAPTER|CLAUSE", help="default: all")
    one.add_argument("--cases", type=int, default=100, help="structures a law (default: 100)")
    one.add_argument("--seed", type=int, default=0, help="of the structures and of the sample (default: 0)")
    one.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    one.add_argument("--sample", type=int, metavar="N", help="N mutants alone, chosen by the seed")
    one.add_argument("--each-chapter", action="store_true", help="with --sample: N of each chapter")
    one.add_argument("--again", action="store_true", help="judge those anew that survived before")
    one.add_argument("--operators", action="store_true", help="print the list of operators")
    one.add_argument("--work", **work)
    one.add_argument("--write", **write)
    one = commands.add_parser("points", help="break the line of each point: does a law of that point see it?")
    one.add_argument("scope", nargs="*", metavar="CHAPTER|CLAUSE", help="default: all")
    one.add_argument("--cases", type=int, default=100, help="structures a law (default: 100)")
    one.add_argument("--seed", type=int, default=0, help="of the structures (default: 0)")
    one.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    one.add_argument(
        "--each", action="store_true", help="print of each point what was changed, and who saw it"
    )
    one.add_argument("--work", **work)
    one.add_argument("--write", **write)
    one = commands.add_parser("soak", help="look for false alarms: the control, case after case")
    one.add_argument("scope", nargs="*", metavar="CHAPTER|CLAUSE", help="default: all")
    one.add_argument("--cases", type=int, metavar="N", help="until so many cases are done")
    one.add_argument("--seconds", type=float, metavar="S", help="until so many seconds are spent")
    one.add_argument("--work", **work)
    one.add_argument("--write", **write)
    one = commands.add_parser("flakes", help="a backend's verdicts under fresh seeds, side by side")
    one.add_argument("scope", nargs="*", metavar="CHAPTER", help="default: all")
    one.add_argument("--backend", required=True, help="as for pytest --backend")
    one.add_argument("--seeds", type=int, default=20, metavar="N", help="how many seeds (default: 20)")
    one.add_argument(
        "--cases", type=int, default=100, metavar="N", help="structures a law at most (default: 100)"
    )
    one.add_argument("--work", **work)
    one.add_argument("--write", **write)
    one = commands.add_parser("coverage", help="lines and branches of the reference that the laws miss")
    one.add_argument("scope", nargs="*", metavar="CHAPTER|CLAUSE", help="laws of these (default: of all)")
    one.add_argument("--cases", type=int, default=100, help="structures a law (default: 100)")
    one.add_argument("--seed", type=int, default=0, help="of the structures (default: 0)")
    one.add_argument("--write", **write)
    one = commands.add_parser(
        "gallery", help="the miniatures: what each breaks, and who catches it, how soon"
    )
    one.add_argument(
        "scope", nargs="*", metavar="CHAPTER|CLAUSE", help="what --measure measures: default all"
    )
    one.add_argument("--measure", action="store_true", help="catch each in five seeds, and keep the times")
    one = commands.add_parser("speed", help="cases a second on one core, of a backend and of its readings")
    one.add_argument("clause", metavar="CLAUSE", help="such as composition.call")
    one.add_argument("--backend", required=True, help="as for pytest --backend, several with commas")
    one.add_argument("--cases", type=int, default=20, metavar="N", help="structures a law (default: 20)")
    one.add_argument("--seed", type=int, default=0, metavar="N", help="of the structures (default: 0)")
