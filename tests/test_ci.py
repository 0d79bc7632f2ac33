"""The pages and files for CI systems name what exists, and their examples are well-formed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backends import BUILT_IN
from conformance.commands import COMMANDS
from conformance.plugin import OPTIONS

yaml = pytest.importorskip("yaml")
GITHUB = Path(__file__).resolve().parent.parent / ".github"
PAGE = (GITHUB / "OTHER-CI.md").read_text(encoding="utf-8")
WORKFLOW = (GITHUB / "workflows" / "conformance.yml").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("text", [PAGE, WORKFLOW], ids=["page", "workflow"])
def test_every_command_option_and_backend_exists(text: str) -> None:
    commands = set(re.findall(r"conformance ([a-z]+) (?:--|runs|RUN)", text))
    assert commands and commands <= set(COMMANDS)
    options = set(re.findall(r"(?<=[ `])--([a-z-]+)(?==)", text)) - {"junitxml"}
    assert options and options <= set(OPTIONS)
    assert set(re.findall(r"--backend=([a-z-]+)", text)) <= set(BUILT_IN)


@pytest.mark.parametrize("text", [*EXAMPLES, WORKFLOW])
def test_every_example_is_yaml_and_runs_the_gate(text: str) -> None:
    assert isinstance(yaml.safe_load(text), dict)
    assert "--backend=" in text


def test_the_workflow_judges_every_backend_merges_the_runs_and_keeps_the_page() -> None:
    jobs = yaml.safe_load(WORKFLOW)["jobs"]
    assert set(jobs["laws"]["strategy"]["matrix"]["backend"]) == set(BUILT_IN)
    report = jobs["report"]
    assert report["needs"] == "laws" and report["if"] == "always()"
    said = "\n".join(step.get("run", "") for step in report["steps"])
    assert "conformance report runs/run-* -o page" in said and "GITHUB_STEP_SUMMARY" in said
    assert any(step.get("with", {}).get("path") == "page" for step in report["steps"])
