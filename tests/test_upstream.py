"""The text of an issue upstream: everything that a maintainer asks for, and nothing that breaks out."""

from __future__ import annotations

import re

import numpy as np
import pytest

from backends.codec import to_json
from conformance.upstream import MOST_TITLE, PLACE, fenced, issue_of
from conformance.verdict import State, Verdict

MARKUP = "```\n</script><b>@someone</b> [x](y) `a`"
IDENTITY = {
    "packages": {"keras": "3.15.1", "torch": "2.13.0", "numpy": "2.4.6"},
    "python": "3.11.7",
    "platform": "Linux",
}
SCRIPT = 'import keras\nprint("```")\nraise SystemExit(1)\n'


def verdict(explanation: str = MARKUP, reason: str = "", script: str | None = SCRIPT) -> Verdict:
    data = {
        "clause": "merging.mask",
        "point": "or",
        "case": to_json({"layer": "Add", "masks": [np.array([[True]]), None], "text": MARKUP}),
        "expected": to_json({"kind": "value", "value": np.array([[True]])}),
        "actual": to_json({"kind": "refusal", "error": ["ValueError"], "message": MARKUP}),
        "expected_by": "keras-3 from 3.4",
        "explanation": explanation,
        "script": script,
        "expectation": {"reason": reason} if reason else None,
    }
    return Verdict(
        "test_merging_gives_a_mask",
        "merging.mask",
        ("or",),
        "keras-torch",
        "keras-3",
        State.FAIL,
        reading="keras-3 from 3.4",
        reason="it diverges",
        divergence=data,
    )


def outside(text: str) -> str:
    """A Markdown text without its blocks of code."""
    return re.sub(r"^(`{3,})[a-z]*\n.*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)


def test_an_issue_says_what_a_maintainer_asks_for() -> None:
    issue = issue_of(
        verdict(reason="Add ANDs the masks of its inputs. It should OR them.", explanation="x"), IDENTITY
    )
    assert issue is not None
    assert issue.title == "Add ANDs the masks of its inputs (keras 3.15.1, torch 2.13.0)"
    assert issue.text.startswith(f"# {issue.title}\n")
    parts = ["### Expected", "### Actual", "### Smallest case", "### Script", "### Versions"]
    places = [issue.body.index(part) for part in parts]
    assert places == sorted(places)
    assert "https://github.com/keras-team/keras/blob/v3.4.0/" in issue.body
    assert "layer = 'Add'" in issue.body and SCRIPT in issue.body
    assert "keras 3.15.1\ntorch 2.13.0\nnumpy 2.4.6\nPython 3.11.7\nLinux" in issue.body


def test_what_frameworks_and_cases_say_stays_inside_its_block() -> None:
    issue = issue_of(verdict(), IDENTITY)
    assert issue is not None
    assert "@someone" in issue.body and "@someone" not in outside(issue.body)
    assert "</script>" not in outside(issue.body)
    assert "\n" not in issue.title and len(issue.title) <= MOST_TITLE


@pytest.mark.parametrize("text", ["", "a", "`", "```", "a\n````\nb"])
def test_nothing_inside_a_block_ends_it(text: str) -> None:
    assert outside(fenced(text) + "\nafter").strip() == "after"


def test_the_page_keeps_the_script_once() -> None:
    issue = issue_of(verdict(), IDENTITY, PLACE)
    assert issue is not None
    assert PLACE in issue.body and "SystemExit" not in issue.body


def test_without_a_reproduction_there_is_no_issue() -> None:
    assert issue_of(verdict(script=None), IDENTITY) is None


def test_a_long_reason_is_cut_in_the_title_alone() -> None:
    issue = issue_of(verdict(reason="word " * 60, explanation="word " * 60), {})
    assert issue is not None
    assert len(issue.title) <= MOST_TITLE and "word " * 59 in issue.body
