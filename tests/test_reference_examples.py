"""The examples in the docstrings of the reference hold."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import reference

NAMES = [module.name for module in pkgutil.walk_packages(reference.__path__, "reference.")]


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_in_the_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples_in_several_chapters() -> None:
    finder = doctest.DocTestFinder()
    with_examples = {
        name.split(".")[1]
        for name in NAMES
        if any(found.examples for found in finder.find(importlib.import_module(name)))
    }
    assert {"embedding", "merging", "text", "transformer"} <= with_examples
