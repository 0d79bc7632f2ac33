"""Run files: what was written is read back, what is broken is refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import conformance
from conformance.run import (
    FILE_NAME,
    SCHEMA,
    BrokenRun,
    RunWriter,
    read_run,
)
from conformance.verdict import State, Verdict

HEADER: dict[str, Any] = {"suite": conformance.__version__, "backends": ["numpy", "torch"], "seed": 1}


def verdict(law: str = "test_a_law", backend: str = "numpy", **changes: Any) -> Verdict:
    settings = {"state": State.PASS, "points": ("rule",), "dialect": "keras-2", **changes}
    return Verdict(law, "merging.mask", backend=backend, **settings)


IDENTITY = {"type": "identity", "backend": "numpy", "identity": {"backend": "numpy", "version": None}}
SURVEY = {
    "type": "survey",
    "backend": "numpy",
    "clause": "merging.mask",
    "point": "broadcast",
    "name": "two masks",
    "outcome": "value: True",
}
VERDICTS = [verdict(), verdict("test_another", "torch", state=State.FAIL, reason="it diverges")]


def written(folder: Path, *, footer: bool = True) -> Path:
    """A small run as the suite writes it: the path of its file."""
    writer = RunWriter(folder, HEADER)
    writer.write(IDENTITY)
    for one in VERDICTS:
        writer.write(one.to_json())
    writer.write(SURVEY)
    if footer:
        writer.close(exit=1, objections=["it diverges"], selected=["a[numpy]", "b[torch]"])
    return writer.path


def refused(path: Path) -> str:
    """The sentence with which reading the run is refused: one line, that begins with the file."""
    with pytest.raises(BrokenRun) as caught:
        read_run(path)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.startswith(str(path))
    assert len(sentence) < len(str(path)) + 300
    return sentence.removeprefix(str(path))


def test_a_run_comes_back_as_it_was_written(tmp_path: Path) -> None:
    run = read_run(written(tmp_path))
    assert run.header == {"type": "header", "schema": SCHEMA, **HEADER}
    assert run.identities == {"numpy": IDENTITY}
    assert run.verdicts == VERDICTS
    assert run.surveys == [SURVEY]
    assert run.footer is not None
    assert [law.pop("law") for law in run.footer.pop("laws")] == ["test_a_law", "test_another"]
    assert run.footer == {
        "type": "footer",
        "verdicts": {"pass": 1, "fail": 1},
        "exit": 1,
        "objections": ["it diverges"],
        "selected": ["a[numpy]", "b[torch]"],
    }
    assert run.complete


def test_a_folder_stands_for_the_run_in_it(tmp_path: Path) -> None:
    assert written(tmp_path) == tmp_path / FILE_NAME
    assert read_run(tmp_path).verdicts == VERDICTS


def test_each_line_is_on_the_disk_before_the_next_is_written(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, HEADER)
    for number in range(1, 4):
        writer.write(verdict(f"test_{number}").to_json())
        assert len(read_run(tmp_path).verdicts) == number


def test_a_new_run_replaces_the_old_one_in_its_folder(tmp_path: Path) -> None:
    written(tmp_path)
    RunWriter(tmp_path, HEADER)
    assert read_run(tmp_path).verdicts == []


def test_a_run_without_its_footer_is_read_and_known_to_be_incomplete(tmp_path: Path) -> None:
    run = read_run(written(tmp_path, footer=False))
    assert not run.complete
    assert run.verdicts == VERDICTS


def test_a_kill_at_any_byte_loses_no_whole_line(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    writer = RunWriter(tmp_path, HEADER)
    writer.write(verdict(reason="ids … 3 × 4 \u2028 \U0001f600").to_json())
    writer.close()
    whole = path.read_bytes()
    header, first = (len(line) + 1 for line in whole.split(b"\n")[:2])
    for size in range(header, len(whole)):
        path.write_bytes(whole[:size])
        run = read_run(path)
        assert len(run.verdicts) == (size >= header + first)
        assert not run.complete
    path.write_bytes(whole[: header - 1])
    assert "its header line is cut off" in refused(path)


@pytest.mark.parametrize(
    "message",
    ["one\nanother", "next\x85line", "line\u2028paragraph\u2029", "\x0b\x0c\x1c\r", "\udc80", '"\\'],
)
def test_a_message_may_hold_any_character(tmp_path: Path, message: str) -> None:
    writer = RunWriter(tmp_path, HEADER)
    writer.write(verdict(reason=message, state=State.ERROR).to_json())
    writer.close()
    assert read_run(tmp_path).verdicts[0].reason == message


def test_a_very_long_line_is_read_and_a_broken_one_is_quoted_in_brief(tmp_path: Path) -> None:
    long = "x" * 5_000_000
    writer = RunWriter(tmp_path, HEADER)
    writer.write(verdict(reason=long).to_json())
    assert read_run(tmp_path).verdicts[0].reason == long
    with writer.path.open("a") as file:
        file.write("y" * 5_000_000 + "\n")
    assert ", line 3: not JSON" in refused(writer.path)


def test_a_line_that_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    length = 200_000
    path = written(tmp_path, footer=False)
    with path.open("a") as file:
        file.write("[" * length + "]" * length + "\n")
    assert "not JSON (nested too deeply): '[[[" in refused(path)


@pytest.mark.parametrize(
    ("key", "value", "kind"),
    [
        ("backends", 5, "list"),
        ("selection", [1], "dict"),
        ("each", "all", "dict"),
        ("selected", {"a": 1}, "list"),
    ],
)
def test_a_header_with_something_else_where_a_list_or_an_object_belongs_is_refused(
    tmp_path: Path, key: str, value: Any, kind: str
) -> None:
    path = RunWriter(tmp_path, {**HEADER, key: value}).path
    assert f", line 1: under '{key}' a {kind} was expected: {value!r}" in refused(path)


def test_numbers_that_json_lacks_are_never_written(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path, HEADER)
    with pytest.raises(ValueError, match="JSON compliant"):
        writer.write(verdict(seconds=float("nan")).to_json())
    assert read_run(tmp_path).verdicts == []


LINE = json.dumps(VERDICTS[0].to_json())


def _without(key: str) -> str:
    return json.dumps({name: value for name, value in VERDICTS[0].to_json().items() if name != key})


BROKEN = {
    "not JSON": ("{'type': 1}", ", line 6: not JSON"),
    "empty line": ("", ", line 6: not JSON"),
    "NaN": (LINE.replace('"seconds": 0.0', '"seconds": NaN'), "NaN is not JSON"),
    "infinity": (LINE.replace('"seconds": 0.0', '"seconds": -Infinity'), "-Infinity is not JSON"),
    "no object": ("[1]", "an object with a type was expected"),
    "no type": ("{}", "an object with a type was expected"),
    "type that is no text": ('{"type": []}', "an object with a type was expected"),
    "unknown type": ('{"type": "remark"}', "lines of type 'remark' are not known"),
    "unknown key": (LINE[:-1] + ', "remark": 1}', "unknown keys: remark"),
    "unknown state": (LINE.replace('"state": "pass"', '"state": "good"'), "'good'"),
    "no state": (_without("state"), "verdict line without state"),
    "no law": (_without("law"), "verdict line without law"),
    "identity of nobody": ('{"type": "identity"}', "identity line without backend, identity"),
    "survey of nothing": ('{"type": "survey", "name": "x"}', "survey line without backend, clause"),
    "footer that counts nothing": ('{"type": "footer"}', "footer line without verdicts"),
    "footer with other counts": ('{"type": "footer", "verdicts": 2}', "counts of verdicts are none: 2"),
    "footer that counts more": ('{"type": "footer", "verdicts": {"pass": 3}}', "counts 3 verdicts"),
    "footer that counts fewer": ('{"type": "footer", "verdicts": {"pass": 1}}', "the file holds 2"),
    "second header": ('{"type": "header", "schema": 1}', "a second header; two runs in one file?"),
}


@pytest.mark.parametrize(("line", "sentence"), BROKEN.values(), ids=BROKEN)
def test_a_broken_line_is_refused(tmp_path: Path, line: str, sentence: str) -> None:
    path = written(tmp_path, footer=False)
    with path.open("a") as file:
        file.write(line + "\n")
    assert sentence in refused(path)


@pytest.mark.parametrize("more", [LINE + "\n", '{"type": "footer", "verdicts": {}}\n', '{"type": "he'])
def test_nothing_may_stand_after_the_footer(tmp_path: Path, more: str) -> None:
    path = written(tmp_path)
    with path.open("a") as file:
        file.write(more)
    assert "after the footer; two runs in one file?" in refused(path)


def test_a_line_lost_from_the_middle_is_noticed(tmp_path: Path) -> None:
    path = written(tmp_path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:2] + lines[3:]))
    assert "the footer counts 2 verdicts and the file holds 1" in refused(path)


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    assert "there is no such run" in refused(path)
    path.write_bytes(b"")
    assert "the file is empty" in refused(path)
    path.write_bytes(LINE.encode() + b"\n")
    assert ", line 1: a run begins with its header, this is a 'verdict'" in refused(path)
    path.write_bytes(b"\xff\xfe not text\n")
    assert ", line 1: byte 1 is not UTF-8" in refused(path)
    path.write_bytes(b"\n")
    assert ", line 1: not JSON" in refused(path)


@pytest.mark.parametrize("schema", [None, 0, SCHEMA + 1, "1"])
def test_a_run_of_another_schema_is_refused(tmp_path: Path, schema: Any) -> None:
    path = tmp_path / FILE_NAME
    path.write_text(json.dumps({"type": "header", "schema": schema}) + "\n")
    assert f"schema {schema!r} is not {SCHEMA}, the one this suite reads" in refused(path)
