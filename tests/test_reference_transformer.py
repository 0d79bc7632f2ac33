"""The chapter transformer, checked by means other than itself."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backends.base import Outcome
from conformance.agreement import Disagreement, agree
from conformance.strategies.transformer import Encoder
from conformance.tolerance import measured_bound
from reference.errors import IndexOutOfRange, Refused
from reference.outcomes import ORACLE, UNIT_ROUNDOFF, Measured
from reference.transformer.arithmetic import Arithmetic, erf, run
from reference.transformer.asking import asking, generation
from reference.transformer.attention import attend, causal, keys_of
from reference.transformer.embeddings import embeddings
from reference.transformer.families import rotate
from reference.transformer.hidden_states import hidden_states
from reference.transformer.t5 import FAMILIES, buckets

ACTIVATIONS = {"bert": "gelu", "gpt2": "gelu_new", "vit": "gelu", "llama": "silu", "t5": "relu"}


def structure(family="bert", **fields):
    plain = {"layers": 2, "heads": 2, "small": False, "dtype": "float64", "batch": 2, "time": 3}
    plain |= {"seed": 0, "padding": None, "activation": ACTIVATIONS[family]} | fields
    return Encoder(family=family, **plain)


def test_erf_is_that_of_the_standard_library():
    x = np.concatenate([np.linspace(-7, 7, 5001), [0.0, 1e-300, -1e-8, 5.9999, 6.0, np.inf, -np.inf]])
    assert np.abs(erf(x) - [math.erf(one) for one in x]).max() < 4e-16
    assert np.isnan(erf(np.array([np.nan]))).all()


def test_gelu_by_hand():
    value = Arithmetic().activation("gelu", np.array([-1.0, 0.0, 1.0]))
    np.testing.assert_allclose(value, [-0.15865525393145707, 0, 0.8413447460685429], rtol=1e-15)


def test_layer_norm_by_hand():
    x = np.array([[1.0, 3.0]])
    got = Arithmetic().layer_norm(x, np.array([2.0, 2.0]), np.array([10.0, 10.0]), 3.0)
    np.testing.assert_array_equal(got, [[9.0, 11.0]])


def test_rms_norm_by_hand():
    got = Arithmetic().rms_norm(np.array([[1.0, 7.0]]), np.array([5.0, 10.0]), 0.0)
    np.testing.assert_allclose(got, [[1.0, 14.0]], rtol=1e-15)


def test_attention_by_hand():
    query = np.array([[[math.log(2)], [0.0]]])
    key, value = np.array([[[1.0], [0.0]]]), np.array([[[3.0], [6.0]]])
    context, maps = attend(Arithmetic(), query, key, value, heads=1)
    np.testing.assert_allclose(maps, [[[[2 / 3, 1 / 3], [0.5, 0.5]]]], rtol=1e-15)
    np.testing.assert_allclose(context, [[[4.0], [4.5]]], rtol=1e-15)


def test_neighboring_heads_share_a_group():
    random = np.random.default_rng(0)
    query, shared = random.standard_normal((1, 2, 8)), random.standard_normal((1, 2, 4))
    plain, _ = attend(Arithmetic(), query, shared, shared, heads=4)
    repeated = np.concatenate([shared[..., :2], shared[..., :2], shared[..., 2:], shared[..., 2:]], -1)
    again, _ = attend(Arithmetic(), query, repeated, repeated, heads=4)
    np.testing.assert_array_equal(plain, again)


def test_a_mask_and_a_look_back_leave_earlier_valid_keys():
    valid = causal(keys_of(np.array([[0, 1, 1]])), 3)
    expected = [[False, False, False], [False, True, False], [False, True, True]]
    np.testing.assert_array_equal(valid[0, 0], expected)


@pytest.mark.parametrize("empty, row", [("uniform", 1 / 3), ("zeros", 0.0), ("nan", np.nan)])
def test_a_query_without_a_valid_key(empty, row):
    x = np.ones((1, 3, 1))
    _, maps = attend(Arithmetic(), x, x, x, heads=1, valid=keys_of(np.zeros((1, 3))), empty=empty)
    np.testing.assert_allclose(maps, np.full((1, 1, 3, 3), row), rtol=1e-15)


def test_rotations_keep_lengths_and_depend_on_distance_alone():
    x = np.tile(np.random.default_rng(0).standard_normal((1, 1, 4)), (1, 5, 1))
    turned = rotate(Arithmetic(), x, 4, 100.0)
    np.testing.assert_allclose((turned**2).sum(-1), (x**2).sum(-1), rtol=1e-14)
    products = turned[0] @ turned[0].T
    np.testing.assert_allclose(np.diagonal(products, 2), products[0, 2], rtol=1e-12)


def test_buckets_by_hand():
    distances = np.array([-20, -3, -2, -1, 0, 1, 2, 3, 20])
    assert buckets(distances, True, 8, 16).tolist() == [3, 2, 2, 1, 0, 5, 6, 6, 7]
    assert buckets(distances, False, 4, 8).tolist() == [3, 2, 2, 1, 0, 0, 0, 0, 0]


def test_embeddings_by_hand():
    weights = {
        "token": np.array([[0.0, 0], [1, 4]]),
        "segment": np.array([[0.0, 0], [0, 2]]),
        "position": np.array([[0.0, 0], [1, 0]]),
        "embedding_norm": np.array([1.0, 1]),
        "embedding_norm_bias": np.array([0.0, 5]),
    }
    said = embeddings({"epsilon": 0.0}, weights, np.array([[1, 1]]), None, np.array([[0, 1]]), None)
    np.testing.assert_allclose(said.value, [[[-1, 6], [-1, 6]]])
    with pytest.raises(Refused):
        embeddings({"epsilon": 0.0}, weights, None, None, None, None)
    with pytest.raises(IndexOutOfRange):
        embeddings({"epsilon": 0.0}, weights, np.array([[2]]), None, None, None)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("layers", [0, 1, 3])
def test_there_is_one_entry_more_than_layers(family, layers):
    said = hidden_states(**structure(family, layers=layers).cases(1)[0])
    assert len(said.get("decoder_hidden_states", said.get("hidden_states"))) == layers + 1


@pytest.mark.parametrize("family", FAMILIES)
def test_entries_of_a_shorter_model_are_those_of_the_longer(family):
    """Recomputation along a second path: cut off the last layer."""
    case = structure(family, layers=3).cases(1)[0]
    layered = [
        n for n, w in case["weights"].items() if w.shape[:1] == (3,) and w.ndim > 1 and n != "position"
    ]
    shorter = {n: w[:2] if n in layered and n != "segment" else w for n, w in case["weights"].items()}
    name = "decoder_hidden_states" if family == "t5" else "hidden_states"
    if family == "t5":
        shorter |= {n: w for n, w in case["weights"].items() if n.startswith("encoder_")}
    long, short = (hidden_states(**case | {"weights": w})[name] for w in (case["weights"], shorter))
    np.testing.assert_array_equal(long[1].value, short[1].value)


def test_states_do_not_depend_on_the_rest_of_the_batch():
    case = structure("bert", padding="right").cases(1)[0]
    names = ("tokens", "segments", "positions", "mask")
    alone = hidden_states(**case | {name: case[name][:1] for name in names})["last_hidden_state"].value
    np.testing.assert_allclose(hidden_states(**case)["last_hidden_state"].value[:1], alone, rtol=1e-12)


def test_the_spread_grows_with_the_unit_roundoff():
    """Not so in float64, where the oracle's own roundings are as large as those that it imitates."""
    case = structure("bert").cases(1)[0]
    spreads = []
    for dtype in ("float32", "float16"):
        weights = {n: w.astype(np.float16).astype(dtype) for n, w in case["weights"].items()}
        spreads.append(hidden_states(**case | {"weights": weights})["last_hidden_state"].spread)
    ratio = UNIT_ROUNDOFF["float16"] / UNIT_ROUNDOFF["float32"]
    np.testing.assert_allclose(spreads[1] / spreads[0], ratio, rtol=0.1)


def test_the_bound_is_thirteen_spreads_and_nothing_where_nothing_was_rounded():
    said = Measured(np.array([1.0, 2.0]), np.array([1e-6, 0.0]), np.dtype(np.float32))
    np.testing.assert_allclose(measured_bound(said), [13e-6, 0.0], rtol=1e-6)
    assert agree(said, Outcome("value", np.array([1 + 1e-5, 2], np.float32))).margin < 1
    for wrong in ([1 + 2e-5, 2], [1, 2 + 1e-6]):
        with pytest.raises(Disagreement):
            agree(said, Outcome("value", np.array(wrong, np.float32)))


def test_a_number_below_all_of_the_dtype_may_vanish_and_an_exact_small_one_may_not():
    said = Measured(np.array([2.7e-238, 2.0**-140]), np.zeros(2), np.dtype(np.float32))
    assert agree(said, Outcome("value", np.array([0, 2.0**-140], np.float32))).margin < 1
    for wrong in ([1e-37, 2.0**-140], [0, 0]):
        with pytest.raises(Disagreement):
            agree(said, Outcome("value", np.array(wrong, np.float32)))


def test_a_sum_is_shaken_by_its_own_rounding():
    said = run(lambda a, x: a.add(x, x), np.dtype(np.float32), {"x": np.ones((1, 1))}, ORACLE, 1)
    np.testing.assert_allclose(said.spread, 2 * UNIT_ROUNDOFF["float32"])


def test_asking_by_hand():
    assert asking("llama", 1, {}, {}) == ["dict", {"last_hidden_state": (2, 3, 4)}]
    given = {"output_hidden_states": True, "return_dict": False}
    assert asking("llama", 1, given, {"output_hidden_states": False}) == [
        "tuple",
        ((2, 3, 4), ((2, 3, 4), (2, 3, 4))),
    ]


def test_generation_by_hand():
    said = generation(2, 2, 1, True)
    assert said["hidden_states"] == (((1, 2, 4), (1, 2, 4)), ((1, 1, 4), (1, 1, 4)))
    assert said["attentions"] == (((1, 2, 2, 2),), ((1, 2, 1, 3),))
