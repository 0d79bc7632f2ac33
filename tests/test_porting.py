"""The porting guide: every two readings that stations hold are told apart, and people are told what to do."""

from __future__ import annotations

import pytest

from conformance.porting import STATIONS, advice, between, changes, held, instead, lost, pairs, station
from conformance.rivals import parted, unlike
from reference.clause import READINGS

ALIKE = {
    # No layer that both dialects have travels otherwise.
    ("masking.propagate", "keras-2", "keras-3"),
    # What a release divides by the batch size is all that tells the four readings of Keras apart.
    ("composition.sharing", "keras-2.2", "keras-3 before 3.14"),
    ("composition.sharing", "keras-2", "keras-3 from 3.14"),
    # transformers states what its own parameters are called.
    ("embedding.build", "torch", "transformers"),
}


def test_each_pair_of_readings_that_stations_hold_has_an_entry() -> None:
    wanted = [(clause, *pair) for clause in READINGS for pair in pairs(clause)]
    assert [(change.clause, change.first, change.second) for change in changes()] == wanted


def test_each_example_parts_the_readings_as_it_says() -> None:
    for change in changes():
        for example in change.examples:
            assert unlike(change.first, change.second, example.case), change.clause
            assert parted(change.first, change.second, example.case) == example.strict, change.clause


def test_readings_without_an_example_are_few_and_named() -> None:
    without = {(c.clause, c.first.name, c.second.name) for c in changes() if not c.examples}
    assert without == ALIKE


def test_each_clause_that_differs_has_advice_for_every_station_one_goes_to() -> None:
    differing = {change.clause for change in changes() if change.examples}
    assert set(advice()) == differing
    for clause in differing:
        assert [s.name for s in STATIONS if held(clause, s) and not instead(clause, s)] == []


def test_advice_names_stations_and_dialects_that_there_are() -> None:
    known = {"any"} | {s.name for s in STATIONS} | {s.dialect for s in STATIONS}
    assert {name for said in advice().values() for name in said} <= known


def test_from_keras_3_3_to_3_4_masks_and_values_of_merge_layers_change() -> None:
    found = {change.clause for change in between(station("keras-3.0"), station("keras-3.4"))}
    assert {"merging.mask", "merging.delivery", "merging.value", "merging.concatenate-mask"} <= found
    assert not any(clause.startswith("embedding") for clause in found)


def test_a_guide_from_a_station_to_itself_is_empty() -> None:
    for one in STATIONS:
        assert between(one, one) == [] and lost(one, one) == []


def test_torch_has_no_masks_that_travel() -> None:
    assert "masking.propagate" in lost(station("keras-3"), station("torch"))


def test_an_unknown_station_is_refused_with_the_choices() -> None:
    with pytest.raises(LookupError, match=r"no station 'keras-9'; choose from keras-2\.2, "):
        station("keras-9")
