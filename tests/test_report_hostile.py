"""The report over input that was made to break it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from pages import EVIL, EXPECTATION, Parsed, divergence, every_state, identity, make_run, verdict, written

from backends.codec import to_json
from conformance.verdict import State


def test_text_from_frameworks_and_tests_is_escaped(tmp_path: Path) -> None:
    evil_case = to_json({EVIL: EVIL, "list": [EVIL]})
    bad = divergence(
        point=EVIL,
        case=evil_case,
        where=EVIL,
        explanation=EVIL,
        expected_by=EVIL,
        own_reading=EVIL,
        script=EVIL,
        script_path=EVIL,
        expected=to_json({"kind": "refusal", "error": [EVIL], "message": EVIL}),
        actual=to_json({"kind": EVIL}),
        expectation={**EXPECTATION, "link": "javascript:alert(1)", "reason": EVIL},
    )
    lines = [
        identity(EVIL, identity={**identity(EVIL)["identity"], "version": EVIL, "modes": {EVIL: EVIL}}),
        verdict(
            "merging.mask",
            EVIL,
            State.FAIL,
            law=EVIL,
            points=(EVIL,),
            reading=EVIL,
            reason=EVIL,
            divergence=bad,
        ),
        verdict(EVIL, "tf", State.UNSUPPORTED, reason=EVIL),
        {
            "type": "survey",
            "backend": EVIL,
            "dialect": "torch",
            "clause": EVIL,
            "point": EVIL,
            "name": EVIL,
            "case": evil_case,
            "outcome": EVIL,
        },
    ]
    run = make_run(tmp_path / "run", iter(lines), suite=EVIL, started=EVIL, against=EVIL, selected=[EVIL])
    text = written([run], tmp_path)
    page = Parsed(text)
    assert re.findall("<script[^>]*>", text) == ["<script type=application/json id=counts-data>", "<script>"]
    assert not page.handlers and "img" not in page.tags
    assert not any(link.startswith("javascript") for link in page.links)
    assert len(page.ids) == len(set(page.ids))


def test_only_the_script_of_the_report_may_run(tmp_path: Path) -> None:
    full = written([make_run(tmp_path / "run", every_state())], tmp_path)
    policy = re.search(r'Content-Security-Policy content="([^"]+)"', full)
    assert policy and "default-src 'none'" in policy[1]
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}'", policy[1])


def test_records_that_are_empty_or_broken_are_still_shown(tmp_path: Path) -> None:
    lines = [
        identity("tf", identity=None, operations=None, without=None),
        verdict("merging.mask", "tf", State.FAIL, divergence={}, margin=None, cases=0),
        verdict(
            "embedding.lookup",
            "tf",
            State.FAIL,
            divergence={
                "case": {"array": 1},
                "expected": 3,
                "where": "[9, 9]",
                "actual": to_json({"kind": "value", "value": np.zeros((0, 3))}),
                "expectation": {},
            },
        ),
        {
            "type": "survey",
            "backend": "tf",
            "clause": "merging.mask",
            "point": "broadcast",
            "name": "",
            "outcome": None,
        },
    ]
    text = written([make_run(tmp_path / "run", iter(lines), selection=None, against=None)], tmp_path)
    assert "No case was recorded." in text or "not recorded" in text
    assert "float64 (0, 3)" in text
