"""The text of an issue upstream for a divergence: ready to be pasted, with its reproduction.

What frameworks and cases say stands in fences, which nothing inside can end; our own reasons are prose.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backends.codec import from_json
from conformance.divergence import literal, text_of
from conformance.verdict import Verdict
from reference.clause import READINGS

MOST_TITLE = 100
MOST_VALUE = 600
"""Characters of a title, and of a value; the script has all of it."""

PLACE = "(the script)"
"""Where the script goes, if it is not put in."""

PLACE_OF_VERSIONS = "(the versions)"
"""Where the versions go, if they are said elsewhere."""


@dataclass(frozen=True)
class Issue:
    """A title, and a body in Markdown."""

    title: str
    body: str

    @property
    def text(self) -> str:
        """Both, as a file holds them."""
        return f"# {self.title}\n\n{self.body}"


def issue_of(
    verdict: Verdict, identity: Mapping[str, Any], script: str | None = None, versions: str | None = None
) -> Issue | None:
    """The issue about a verdict's divergence, None if it has no reproduction, or is our own limit.

    identity: of the backend. script, versions: what to put in their places, if not they themselves.
    """
    data = verdict.divergence or {}
    expectation = data.get("expectation") or {}
    if not data.get("script") or expectation.get("kind") == "adapter":
        return None
    packages = _packages(identity)
    case = "\n".join(f"{name} = {_short(literal(value))}" for name, value in _case(data.get("case")))
    body = [
        *_what(data, verdict, bool(expectation)),
        "### Expected",
        _documented(data, verdict),
        fenced(_short(_outcome(data.get("expected")))),
        "### Actual",
        fenced(_short(_outcome(data.get("actual")))),
        "### Smallest case",
        fenced(case, "python"),
        "### Script",
        "It needs numpy and the framework alone, and exits 1 while the difference is there.",
        fenced(str(data["script"]).rstrip() if script is None else script, "python"),
        "### Versions",
        fenced(versions_of(identity) if versions is None else versions),
    ]
    return Issue(_title(data, verdict, packages), "\n\n".join(body) + "\n")


def write_issue(path: Path, verdict: Verdict, identity: Mapping[str, Any]) -> None:
    """The text of an issue upstream, beside the script."""
    issue = issue_of(verdict, identity)
    if issue is not None:
        path.with_suffix(".md").write_text(issue.text, encoding="utf-8", errors="backslashreplace")


def fenced(text: str, language: str = "") -> str:
    """A text as a block of code that nothing in it can end."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _title(data: Mapping[str, Any], verdict: Verdict, packages: Mapping[str, str]) -> str:
    """The versions, and the first sentence that says what is wrong."""
    said = str((data.get("expectation") or {}).get("reason") or "") or f"{verdict.sentence}: it does not"
    first = re.split(r"(?<=[a-z0-9)])[.;:] |\n", said.strip(), maxsplit=1)[0].rstrip(".")
    versions = ", ".join(
        f"{name} {version}" for name, version in list(packages.items())[:2] if name != "numpy"
    )
    text = " ".join(f"{first} ({versions})".split())
    cut = MOST_TITLE - len(versions) - 5
    words = " ".join(first.split())[:cut].rpartition(" ")[0].rstrip(",;: ")
    return text if len(text) <= MOST_TITLE else f"{words} … ({versions})"


def _what(data: Mapping[str, Any], verdict: Verdict, known: bool) -> list[str]:
    """What happens: a reviewed reason as prose, what a framework said in a fence."""
    text = str(data.get("explanation") or verdict.reason).strip()
    return [text if known else f"{verdict.sentence}. It does not:\n\n{fenced(text)}"]


def _documented(data: Mapping[str, Any], verdict: Verdict) -> str:
    """What is documented where: the point of the reading, and its sources."""
    readings = [one for one in READINGS.get(verdict.clause, ()) if one.name == verdict.reading]
    lines: list[str] = []
    for reading in readings[:1]:
        point = next((one for one in reading.points if one.label == data.get("point")), None)
        lines.append(point.text if point is not None else reading.law)
        lines += [f"- {source.link} ({source.symbol})" for source in dict.fromkeys(reading.sources)]
    return (
        "\n".join([lines[0], "", *lines[1:]]) if lines else fenced(str(data.get("expected_by") or "not said"))
    )


def _case(data: Any) -> list[tuple[str, Any]]:
    try:
        case = from_json(data)
    except (ValueError, TypeError, ImportError):
        return [("case", data)]
    return list(case.items()) if isinstance(case, dict) else [("case", case)]


def _outcome(data: Any) -> str:
    try:
        return text_of(from_json(data))
    except (ValueError, TypeError, ImportError, KeyError, IndexError):
        return literal(data)


def versions_of(identity: Mapping[str, Any]) -> str:
    """The packages with their versions, and the machine, a line each."""
    packages = (f"{name} {version}" for name, version in _packages(identity).items())
    return "\n".join([*packages, *_machine(identity)])


def _packages(identity: Mapping[str, Any]) -> dict[str, str]:
    return {str(n): str(v) for n, v in (identity.get("packages") or {}).items()}


def _machine(identity: Mapping[str, Any]) -> list[str]:
    said = [f"Python {identity['python']}"] if identity.get("python") else []
    return [*said, *(str(identity[key]) for key in ("platform", "device") if identity.get(key))]


def _short(text: str) -> str:
    return text if len(text) <= MOST_VALUE else text[:MOST_VALUE] + " …"
