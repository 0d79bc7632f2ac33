"""What the README tells people to type exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backends import BUILT_IN
from conformance.commands import COMMANDS
from conformance.plugin import OPTIONS
from conformance.release_commands import COMMANDS as RELEASE_COMMANDS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_command_in_the_readme_exists() -> None:
    named = set(re.findall(r"`(?:\.venv/bin/)?conformance ([a-z]+)", README))
    assert named
    assert named <= set(COMMANDS) | set(RELEASE_COMMANDS)


def test_every_option_of_pytest_in_the_readme_exists() -> None:
    named = set(re.findall(r"--([a-z-]+)(?==|[ `])", README)) - {
        "pyargs",
        "good",
        "bad",
        "before",
        "junitxml",
        "from",
        "to",
        "versions",
        "clear",
    }
    assert "backend" in named
    assert {name.removeprefix("conformance-") for name in named} <= set(OPTIONS)


def test_every_make_target_in_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"\bmake ([a-z]+)", README))
    assert {"conformance", "test"} <= targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_backend_is_named_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README


def test_ci_calls_the_test_command_of_the_readme() -> None:
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
