"""The comparison of two runs, the Markdown summary and the badge."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.compare import compare
from conformance.run import Run
from conformance.summary import badge, markdown
from conformance.verdict import State, Verdict


def _run(*verdicts: Verdict, complete: bool = True, surveys: list[dict[str, object]] | None = None) -> Run:
    footer: dict[str, object] | None = {"type": "footer"} if complete else None
    return Run(
        Path("run.jsonl"), {"backends": ["tf"]}, verdicts=list(verdicts), surveys=surveys or [], footer=footer
    )


def _verdict(state: State, law: str = "test_a", expected: bool = False, reason: str = "") -> Verdict:
    return Verdict(law, "merging.mask", ("rule",), "tf", "keras-3", state, expected=expected, reason=reason)


@pytest.mark.parametrize(
    ("before", "after", "place"),
    [
        (State.PASS, State.FAIL, "newly_failing"),
        (State.PASS, State.ERROR, "newly_failing"),
        (State.FAIL, State.PASS, "newly_passing"),
        (State.PASS, State.UNSUPPORTED, "changed"),
    ],
)
def test_a_verdict_that_differs_is_put_in_its_place(before: State, after: State, place: str) -> None:
    found = compare([_run(_verdict(before))], [_run(_verdict(after))])
    assert [name for name, sentences in vars(found).items() if sentences] == [place]
    assert found.worse == (place == "newly_failing")


def test_equal_runs_do_not_differ() -> None:
    run = _run(_verdict(State.PASS))
    assert not any(vars(compare([run], [run])).values())


def test_what_is_gone_is_worse_and_what_is_new_is_not() -> None:
    one, none = _run(_verdict(State.PASS)), _run()
    assert compare([one], [none]).worse
    assert compare([none], [one]).new == ["test_a[tf]: pass"]
    assert not compare([none], [one]).worse


def test_a_survey_that_changed_is_said_with_both_outcomes() -> None:
    line: dict[str, object] = {"clause": "embedding.lookup", "name": "id = -1", "backend": "tf"}
    found = compare([_run(surveys=[{**line, "outcome": "a"}])], [_run(surveys=[{**line, "outcome": "b"}])])
    assert found.changed == ["embedding.lookup on tf, id = -1: a before, b now"]


def test_the_summary_counts_and_names_what_is_wrong() -> None:
    text = markdown([_run(_verdict(State.PASS), _verdict(State.FAIL, "test_b", reason="a | b <script>"))])
    assert "| tf | 1 | 1 |" in text
    assert r"`test_b[tf]`, fail: a \| b &lt;script&gt;" in text


def test_the_summary_says_that_a_run_is_incomplete() -> None:
    assert "incomplete" in markdown([_run(_verdict(State.PASS), complete=False)])


def test_the_badge_is_red_for_a_new_divergence_and_not_for_an_expected_one() -> None:
    assert badge([_run(_verdict(State.FAIL))])["color"] == "red"
    assert badge([_run(_verdict(State.FAIL, expected=True), _verdict(State.PASS))])["color"] == "brightgreen"
    assert badge([_run(_verdict(State.PASS), complete=False)])["color"] == "red"
    assert badge([])["color"] == "lightgrey"
