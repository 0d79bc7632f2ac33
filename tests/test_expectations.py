"""Expectations: strict both ways, and each broken file is refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends import BUILT_IN, Choice, choose
from backends.base import Backend, operation
from backends.codec import to_json
from backends.numpy_control import NumpyControl
from conformance.examine import Options, examine
from conformance.expectation import KEYS, BrokenExpectation, Expectation, load, load_file
from conformance.handle import LocalHandle
from conformance.law import load_laws
from conformance.session import EXPECTATIONS, _expectations
from conformance.verdict import State, Verdict
from reference import merging

LAW = "test_merging.py::test_merging_gives_the_mask_of_the_reading"
CASE = {
    "layer": "Add",
    "inputs": [np.zeros((1, 1, 1), np.float32)] * 2,
    "masks": [np.array([[True]]), np.array([[False]])],
}
ENTRY = {
    "clause": "merging.mask",
    "point": "rule",
    "versions": "any",
    "device": "any",
    "kind": "upstream",
    "counterexample": "case.json",
    "behaves-as": "keras-3@3.4",
    "reason": "it merges masks with OR",
    "link": "https://example.org/issue",
}


class Right(NumpyControl):
    """Keras 2 as it should be."""

    name = "mini"
    dialect = "keras-2"


class Or(Right):
    """What Keras 3.4 does, where Keras 2 was asked for."""

    @operation("merging.mask")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        return merging.mask_keras_3_4(layer, inputs, masks)


class OrAndMore(Right):
    """The same, and a second defect behind it: of three inputs nothing is valid."""

    @operation("merging.mask")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        said = merging.mask_keras_3_4(layer, inputs, masks)
        return said & (len(inputs) != 3) if isinstance(said, np.ndarray) else said


class Unmasked(Right):
    """Another defect than the one that is expected."""

    @operation("merging.mask")
    def merged(self, layer: str, inputs: Any, masks: Any) -> Any:
        return None


class Lacking(Right):
    """It can no longer be asked at all."""

    dtypes = ()


def file(folder: Path, *entries: dict[str, Any], case: Any = CASE, name: str = "mini") -> Path:
    """An expectations file with its counterexample."""
    path = folder / f"{name}.toml"
    lines = [
        "\n".join(["[[expectation]]", *(f"{key} = {json.dumps(value)}" for key, value in entry.items())])
        for entry in entries
    ]
    path.write_text("\n\n".join(lines), encoding="utf-8")
    (folder / "case.json").write_text(json.dumps({"case": to_json(case)}), encoding="utf-8")
    return path


def examined(
    adapter: type[Backend], expectations: list[Expectation], law: str = LAW, **settings: Any
) -> tuple[Verdict, str]:
    handle = LocalHandle(Choice("mini", f"{adapter.__module__}:{adapter.__name__}"), "cpu")
    options = Options(structures=60, shrinking=0.0, expectations={"mini": expectations}, **settings)
    return examine(load_laws()[law], handle, options)


@pytest.fixture
def known(tmp_path: Path) -> list[Expectation]:
    return load_file(file(tmp_path, ENTRY), "mini")


def test_a_backend_that_diverges_as_expected_fails_as_expected(known: list[Expectation]) -> None:
    verdict, story = examined(Or, known)
    assert (verdict.state, verdict.expected, story) == (State.FAIL, True, "")
    assert verdict.reason == "it merges masks with OR"
    assert verdict.known_cases > 0
    assert verdict.divergence is not None
    assert verdict.divergence["case"] == to_json(CASE)
    assert verdict.divergence["expectation"]["behaves_as"] == "keras-3@3.4"


def test_without_the_expectation_the_same_backend_fails_unexpectedly() -> None:
    verdict, story = examined(Or, [])
    assert (verdict.state, verdict.expected) == (State.FAIL, False)
    assert "merging.mask [rule]" in story


def test_an_expectation_that_no_longer_holds_fails_as_loudly(known: list[Expectation]) -> None:
    verdict, story = examined(Right, known)
    assert (verdict.state, verdict.expected) == (State.FAIL, False)
    assert story == verdict.reason
    assert story.endswith(
        "mini.toml: the counterexample for merging.mask [rule] no longer diverges: take the expectation out"
    )


@pytest.mark.parametrize("adapter", [Unmasked, Lacking])
def test_a_backend_that_diverges_otherwise_fails(known: list[Expectation], adapter: type[Backend]) -> None:
    verdict, story = examined(adapter, known)
    assert (verdict.state, verdict.expected) == (State.FAIL, False)
    assert "diverges, but not as keras-3@3.4: look again and write a new expectation" in story


def test_a_second_defect_behind_a_known_one_is_found(known: list[Expectation]) -> None:
    verdict, story = examined(OrAndMore, known)
    assert (verdict.state, verdict.expected) == (State.FAIL, False)
    assert verdict.divergence is not None
    assert len(verdict.divergence["case"]["dict"][1][1]) == 3, "the case has three inputs"
    assert "actual" in story


def test_an_expectation_of_another_point_law_version_or_device_does_not_count(tmp_path: Path) -> None:
    for changes in ({"point": "length"}, {"versions": ">=1.0"}, {"device": "gpu"}):
        entries = load_file(file(tmp_path, ENTRY | changes), "mini")
        verdict, _ = examined(Or, entries)
        assert (verdict.state, verdict.expected) == (State.FAIL, False), changes
        assert "counterexample" not in verdict.reason


def test_against_another_dialect_expectations_are_not_used(known: list[Expectation]) -> None:
    verdict, _ = examined(Or, known, against="keras-2")
    assert (verdict.state, verdict.expected) == (State.FAIL, False)
    assert examined(Or, known, against="keras-3")[0].state is State.PASS


@pytest.mark.parametrize(
    ("versions", "version", "covered"),
    [
        ("any", "0.1", True),
        ("any", None, True),
        (">=3.4", "3.4.0", True),
        (">=3.4", "3.10", True),
        (">=3.4", "3.3.3", False),
        ("<3.4", "3.3.3", True),
        ("<3.4", "3.4", False),
        (">=3.4,<3.13", "3.12.9+cpu", True),
        (">=3.4,<3.13", "3.13.0", False),
        ("<3.13,>=3.4", "3.4.1", True),
        (">=3.4", None, False),
    ],
)
def test_an_expectation_covers_its_range_of_versions(
    tmp_path: Path, versions: str, version: str | None, covered: bool
) -> None:
    (entry,) = load_file(file(tmp_path, ENTRY | {"versions": versions}), "mini")
    assert entry.covers(version, "cpu") is covered


@pytest.mark.parametrize(
    ("device", "kinds"), [("any", {"cpu", "gpu", "cuda"}), ("cpu", {"cpu"}), ("gpu", {"gpu", "cuda"})]
)
def test_an_expectation_covers_its_kind_of_device(tmp_path: Path, device: str, kinds: set[str]) -> None:
    (entry,) = load_file(file(tmp_path, ENTRY | {"device": device}), "mini")
    assert {kind for kind in ("cpu", "gpu", "cuda") if entry.covers(None, kind)} == kinds


# Broken files


def refused(path: Path) -> str:
    """The one sentence with which a file is refused: it begins with the file."""
    with pytest.raises(BrokenExpectation) as caught:
        load_file(path, "mini")
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.startswith(str(path))
    return sentence.removeprefix(str(path))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"clause": "merging.nosuch"}, "clause 'merging.nosuch' is none of "),
        ({"point": "nosuch"}, "point 'nosuch' is none of no-masks, masks-list"),
        ({"kind": "bug"}, "kind 'bug' is none of upstream, by-design, adapter"),
        ({"device": "tpu"}, "device 'tpu' is none of any, cpu, gpu"),
        ({"behaves-as": "keras-4"}, "behaves-as 'keras-4' is none of weights-of-the-front"),
        ({"behaves-as": "keras-3@new"}, "behaves-as 'keras-3@new' has no version after the @"),
        ({"behaves-as": "keras-3@"}, "behaves-as 'keras-3@' has no version after the @"),
        ({"behaves-as": "torch"}, "behaves-as 'torch': that dialect does not state merging.mask"),
        ({"behaves-as": "products-in-float32"}, "'products-in-float32' is none of merging.mask"),
        ({"versions": "3.4"}, "versions '3.4' is neither \"any\" nor like"),
        ({"versions": ">=new"}, "versions '>=new' is neither"),
        ({"versions": ">=3.4,>=3.5"}, "is neither"),
        ({"versions": ">=3.4;<3.5"}, "is neither"),
        ({"versions": "<=3.4"}, "is neither"),
        ({"reason": " "}, "'reason' must be a text that is not empty"),
        ({"link": ""}, "'link' must be a text that is not empty"),
        ({"versions": 3.4}, "'versions' must be a text that is not empty"),
        ({"counterexample": "nosuch.json"}, "nosuch.json cannot be read: No such file"),
        ({"counterexample": "."}, "cannot be read: Is a directory"),
    ],
    ids=str,
)
def test_a_wrong_value_is_refused_with_the_choices(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    said = refused(file(tmp_path, ENTRY, ENTRY | changes))
    assert said.startswith(", expectation 2: ")
    assert sentence in said


@pytest.mark.parametrize("key", sorted(KEYS))
def test_the_set_of_keys_is_closed(tmp_path: Path, key: str) -> None:
    without = {name: value for name, value in ENTRY.items() if name != key}
    said = refused(file(tmp_path, without))
    assert said.startswith(", expectation 1: its keys must be behaves-as, clause, ")
    assert said.endswith(f"wrong or absent: {key}")
    assert refused(file(tmp_path, ENTRY | {"remark": "x"})).endswith("wrong or absent: remark")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"[[expectation]\n", ": not TOML"),
        (b"\xff", ": not TOML"),
        (b"[expectation]\nclause = 'x'\n", ": the file holds tables [[expectation]] and nothing else"),
        (b"expectation = 3\n", ": the file holds tables [[expectation]] and nothing else"),
        (b"[[expectations]]\n", ": the file holds tables [[expectation]] and nothing else"),
        (b"expectation = [1]\n", ", expectation 1: it must be a table [[expectation]], it is 1"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: bytes, sentence: str) -> None:
    path = tmp_path / "mini.toml"
    path.write_bytes(text)
    assert refused(path).startswith(sentence)


def test_a_file_that_is_not_there_is_refused_by_name_and_missed_by_nobody_otherwise(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refused(tmp_path / "nosuch.toml")
    assert load(tmp_path, "mini") == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"{", "is no record"),
        (b"\xff", "is no record"),
        (b"[]", "is no record"),
        (b"{}", "is no record"),
        (b'{"case": {"nosuch": 1}}', "is no record"),
        (b'{"case": [1]}', "holds no case"),
        (b'{"case": {"dict": [[1, 2]]}}', "holds no case"),
        (b'{"case": {"dict": []}}', "has the inputs none, and merging.mask takes inputs, layer, masks"),
        (b'{"case": {"dict": [["ids", 1]]}}', "has the inputs ids, and merging.mask takes"),
    ],
)
def test_a_counterexample_that_is_no_case_of_the_clause_is_refused(
    tmp_path: Path, text: bytes, sentence: str
) -> None:
    path = file(tmp_path, ENTRY)
    (tmp_path / "case.json").write_bytes(text)
    said = refused(path)
    assert said.startswith(", expectation 1: its counterexample ")
    assert sentence in said


# What ships


def test_every_expectations_file_that_ships_is_of_a_backend_and_loads() -> None:
    files = sorted(EXPECTATIONS.glob("*.toml"))
    assert files
    for path in files:
        assert path.stem in BUILT_IN, f"{path.name} is of no backend"
        assert load_file(path, path.stem)


def test_every_counterexample_that_ships_is_used() -> None:
    used = set()
    for path in EXPECTATIONS.glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        used |= {path.parent / part for part in text.split('"') if part.endswith(".json")}
    assert set(EXPECTATIONS.rglob("*.json")) == used


def test_of_the_files_on_top_the_later_wins_and_each_entry_says_where_it_came_from(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("team", "mine")]
    for folder in folders:
        folder.mkdir()
    behaves = {"behaves-as": "keras-2.2"}
    paths = [
        file(folder, {**ENTRY, **behaves, "reason": f"says {folder.name}"}, name="torch")
        for folder in folders
    ]
    ours = load(EXPECTATIONS, "torch")
    asked = _expectations([choose("torch")], [str(path) for path in paths])["torch"]
    assert [one.reason for one in asked[:-1]] == [one.reason for one in ours]
    assert (asked[-1].reason, asked[-1].file) == ("says mine", str(paths[1]))
    assert {entry.file for entry in ours} == {"backends/expectations/torch.toml"}
    swapped = _expectations([choose("torch")], [str(path) for path in reversed(paths)])["torch"]
    assert swapped[-1].reason == "says team"


def test_a_file_on_top_takes_the_place_of_ours_on_its_point(tmp_path: Path) -> None:
    ours = load(EXPECTATIONS, "torch")
    first = ours[0]
    entry = {**ENTRY, "clause": first.clause, "point": first.point, "behaves-as": first.behaves_as}
    path = file(tmp_path, {**entry, "reason": "accepted here"}, case=first.case, name="torch")
    asked = _expectations([choose("torch")], [str(path)])["torch"]
    of_point = [one for one in asked if (one.clause, one.point) == (first.clause, first.point)]
    assert [one.reason for one in of_point] == ["accepted here"]


def test_a_file_that_is_named_for_no_backend_of_the_run_is_refused(tmp_path: Path) -> None:
    path = file(tmp_path, ENTRY, name="tf")
    with pytest.raises(pytest.UsageError, match=r"the file is named for its backend, torch\.toml"):
        _expectations([choose("torch")], [str(path)])
