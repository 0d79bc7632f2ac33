"""The machine-readable twin of the page, by its published schema."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from pages import Parsed, cell, every_state, make_run, written

from conformance.report.data import SCHEMA
from reference.clause import clauses


def test_the_twin_of_the_page_says_what_the_page_says(tmp_path: Path) -> None:
    page = written([make_run(tmp_path / "run", every_state())], tmp_path)
    twin = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert [clause["id"] for clause in twin["clauses"]] == list(clauses())
    for clause in twin["clauses"]:
        for said in clause["verdicts"]:
            assert said["verdict"] in cell(page, clause["id"], said["backend"])
    assert {one["id"] for one in twin["divergences"]} <= set(Parsed(page).ids)


def test_the_schema_is_itself_valid_and_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    written([make_run(tmp_path / "run", every_state())], tmp_path)
    twin = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    for broken in (
        {**twin, "more": 1},
        {**twin, "schema": 2},
        {k: v for k, v in twin.items() if k != "runs"},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)
