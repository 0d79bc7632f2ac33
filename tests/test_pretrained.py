"""A trained BERT: the reference and the frameworks agree on real weights and real sentences."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from backends import choose
from backends.base import Outcome
from backends.hf import pretrained
from conformance.agreement import Disagreement, agree
from conformance.handle import WorkerHandle
from reference.outcomes import ORACLE
from reference.transformer.arithmetic import Arithmetic, run
from reference.transformer.families import bert

SENTENCES = ("The bank of the river.", "A bank lends money.", "Hello")

UNIFORM = {"empty": "uniform"}
"""What a query without a valid key attends to; every sentence has valid keys."""

pytestmark = [
    pytest.mark.framework,
    pytest.mark.skipif(pretrained.folder() is None, reason="the extra `pretrained` is not installed"),
]


@pytest.fixture(scope="module")
def case():
    path = pretrained.folder()
    model, weights = pretrained.load(path)
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.enable_padding(length=None)
    encoded = tokenizer.encode_batch(list(SENTENCES))
    tokens = np.array([e.ids for e in encoded])
    return {
        "model": model,
        "weights": weights,
        "tokens": tokens,
        "segments": np.zeros_like(tokens),
        "positions": np.tile(np.arange(tokens.shape[1]), (len(tokens), 1)),
        "mask": np.array([e.attention_mask for e in encoded]),
    }


@pytest.fixture(scope="module")
def hf():
    return choose("hf").make("cpu")


def of_bert(case, **more):
    return case | {"family": "bert", "decoder_tokens": None} | more


@pytest.fixture(scope="module")
def expected(case):
    """Everything that the reference says, measured in one go."""

    def compute(a, **given):
        computed = bert(a, UNIFORM | case["model"], case["weights"], given)
        weights = case["weights"]
        pooled = a.tanh(a.linear(computed.last[:, 0], weights["pooler"], weights["pooler_bias"]))
        valid = given["mask"][..., None]
        mean = (computed.last * valid).sum(1) / valid.sum(1)
        return {
            "states": (computed.embedded, *computed.outputs),
            "maps": computed.attentions,
            "pooled": pooled,
            "sentences": mean / np.linalg.norm(mean, axis=-1, keepdims=True),
        }

    batch = {name: case[name] for name in ("tokens", "segments", "positions", "mask")}
    return run(compute, np.dtype(np.float32), batch, ORACLE, len(SENTENCES))


def test_every_hidden_state_agrees(case, hf, expected):
    outcome = hf.perform("transformer.hidden-states", of_bert(case))
    assert agree(expected["states"], Outcome("value", outcome.value["hidden_states"])).margin < 1


def test_every_attention_map_agrees(case, hf, expected):
    outcome = hf.perform("transformer.attentions", of_bert(case, implementation="eager"))
    assert agree(expected["maps"], Outcome("value", outcome.value["attentions"])).margin < 1


def test_the_pooler_agrees(case, hf, expected):
    outcome = hf.perform("transformer.pooler", case | {"return_dict": True})
    assert agree(expected["pooled"], Outcome("value", outcome.value["pooler_output"])).margin < 1


def test_the_sentence_embeddings_agree(case, hf, expected):
    states = hf.perform("transformer.hidden-states", of_bert(case)).value["last_hidden_state"]
    got = pretrained.mean_pooled(states, case["mask"].astype(np.float32))
    assert agree(expected["sentences"], Outcome("value", got)).margin < 1


@pytest.mark.parametrize("backend", ["keras-torch", "tf", "tf-legacy"])
def test_an_encoder_of_keras_agrees(case, expected, backend):
    handle = WorkerHandle(choose(backend), "cpu")
    try:
        (states,) = handle.perform("transformer.hidden-states", [of_bert(case)])
        (maps,) = handle.perform("transformer.attentions", [of_bert(case, implementation="eager")])
        (pooled,) = handle.perform("transformer.pooler", [case | {"return_dict": True}])
    finally:
        handle.close()
    last = states.value["last_hidden_state"]
    sentences = pretrained.mean_pooled(last, case["mask"].astype(np.float32))
    for name, value in (
        ("states", states.value["hidden_states"]),
        ("maps", maps.value["attentions"]),
        ("pooled", pooled.value["pooler_output"]),
        ("sentences", sentences),
    ):
        assert agree(expected[name], Outcome("value", value)).margin < 1


@pytest.mark.parametrize("wrong", [{"epsilon": 1e-5}, {"activation": "gelu_new"}], ids=str)
def test_a_wrong_detail_is_found_on_real_weights(case, expected, wrong):
    given = {name: case[name] for name in ("tokens", "segments", "positions", "mask")}
    states = bert(Arithmetic(), UNIFORM | case["model"] | wrong, case["weights"], given)
    got = tuple(x.astype(np.float32) for x in (states.embedded, *states.outputs))
    with pytest.raises(Disagreement, match="apart"):
        agree(expected["states"], Outcome("value", got))


@pytest.mark.skipif("CONFORMANCE_TIMING" not in os.environ, reason="timing needs a machine of its own")
def test_the_reference_takes_at_most_eight_times_as_long_as_torch(case, hf):
    random = np.random.default_rng(0)
    tokens = random.integers(1000, 20000, (32, 64))
    given = {"tokens": tokens, "segments": np.zeros_like(tokens), "mask": None}
    given["positions"] = np.tile(np.arange(64), (32, 1))
    model = hf.model("bert", case["model"], case["weights"])
    batch = hf.given(**given)
    torch_seconds, numpy_seconds = [], []
    with hf.tensors.torch.no_grad():
        for _ in range(3):
            start = time.perf_counter()
            model(**batch)
            torch_seconds.append(time.perf_counter() - start)
    for _ in range(3):
        start = time.perf_counter()
        bert(Arithmetic(), UNIFORM | case["model"], case["weights"], given)
        numpy_seconds.append(time.perf_counter() - start)
    assert min(numpy_seconds) <= 8 * min(torch_seconds)
