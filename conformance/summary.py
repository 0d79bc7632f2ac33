"""What a CI job shows of a run: a summary in Markdown, and a badge in the shields endpoint format."""

from __future__ import annotations

from collections import Counter
from typing import Any

from conformance.run import Run
from conformance.verdict import State, Verdict

_ORDER = (
    State.FAIL,
    State.ERROR,
    State.NOT_RUN,
    State.INCONCLUSIVE,
    State.UNSUPPORTED,
    State.NOT_APPLICABLE,
    State.PASS,
)


def markdown(runs: list[Run]) -> str:
    """A table of backends and verdicts, then every new divergence and error in a line."""
    words = list(dict.fromkeys(word for run in runs for v in run.verdicts for word in [_word(v)]))
    words.sort(key=lambda word: [str(state) for state in _ORDER].index(word.removeprefix("expected ")))
    lines = ["# Conformance", "", f"| backend | {' | '.join(words)} |", f"|---|{'---:|' * len(words)}"]
    for run in runs:
        for name in run.header["backends"]:
            counts = Counter(_word(verdict) for verdict in run.verdicts if verdict.backend == name)
            lines.append(f"| {_cell(name)} | {' | '.join(str(counts[word]) for word in words)} |")
    lines += [f"\n**{run.path.name} is incomplete: it has no footer.**" for run in runs if not run.complete]
    bad = [verdict for run in runs for verdict in run.verdicts if _bad(verdict)]
    if bad:
        lines += ["", "## Divergences and errors", ""]
        lines += [f"- `{v.law}[{v.backend}]`, {v.state}: {_cell(v.reason)}" for v in bad]
    return "\n".join(lines) + "\n"


def badge(runs: list[Run]) -> dict[str, Any]:
    """A badge: how many laws hold, and whether anything is wrong."""
    verdicts = [verdict for run in runs for verdict in run.verdicts]
    wrong = sum(map(_bad, verdicts)) + sum(not run.complete for run in runs)
    passed = sum(verdict.state is State.PASS for verdict in verdicts)
    message = f"{wrong} to look at" if wrong else f"{passed} laws hold"
    color = "red" if wrong else "brightgreen" if passed else "lightgrey"
    return {"schemaVersion": 1, "label": "conformance", "message": message, "color": color}


def _bad(verdict: Verdict) -> bool:
    return verdict.state in (State.FAIL, State.ERROR, State.NOT_RUN) and not verdict.expected


def _word(verdict: Verdict) -> str:
    return f"expected {verdict.state}" if verdict.expected else str(verdict.state)


_ESCAPED = str.maketrans({"<": "&lt;", ">": "&gt;", **{sign: f"\\{sign}" for sign in "\\`|*_[]"}})


def _cell(text: str) -> str:
    """The first line of a text, so that it stays one cell of a Markdown table whatever it holds."""
    return text.strip().partition("\n")[0].translate(_ESCAPED)
