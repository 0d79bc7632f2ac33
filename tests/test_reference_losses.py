"""The chapters losses and weighting, by hand, along second paths and by finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from conformance.agreement import Disagreement, agree
from conformance.judge import says
from reference.clause import find
from reference.errors import Refused
from reference.outcomes import AnyOf, Bounded, Setting, Working
from reference.overflow import DOWN, NOTHING, UP
from reference.tracked import Tracked, track
from reference.weighting import objective

Array = np.ndarray[Any, Any]
LOSSES = np.array([[1.0, 2, 3], [4, 5, 6]])
MASK = np.array([[True, False, True], [False, False, True]])
SAMPLES, STEPS = np.array([2.0, 0.0]), np.array([[2.0, 0, 1], [1, 0, 0]])


def say(clause: str, dialect: str, version: str | None = None, **inputs: Any) -> Any:
    reading = find(clause, dialect, version)
    assert reading is not None
    return says(reading, inputs, Setting())


def first(said: Any) -> Any:
    return first(said.allowed[0]) if isinstance(said, AnyOf) else said


def weighted(dialect: str, version: str | None, weights: Array | None, mask: Array | None) -> float:
    """The objective of losses that are just LOSSES: their roots, squared."""
    root = np.sqrt(LOSSES)[..., None]
    given = {"y_true": np.zeros_like(root), "y_pred": root, "weights": weights, "mask": mask}
    return float(first(say("weighting.weighted", dialect, version, **given))[0].value)


@pytest.mark.parametrize(
    ("weights", "mask", "numbers"),
    [
        (None, None, (3.5, 3.5, 3.5)),
        (None, MASK, (10 / (3 + 6e-7), 10 / 6, 10 / 3)),
        (SAMPLES, None, (4.0, 2.0, 2.0)),
        (SAMPLES, MASK, (8 / 3 / (0.5 + 1e-7), 8 / 6, 8 / 3)),
        (STEPS, None, (3.0, 1.5, 1.5)),
        (STEPS, MASK, (5 / 3 / (0.5 + 1e-7), 5 / 6, 5 / 3)),
    ],
)
def test_the_normalizers_of_the_dialects(
    weights: Array | None, mask: Array | None, numbers: tuple[float, ...]
) -> None:
    column = weights[:, None] if weights is not None and weights.ndim == 1 else weights
    assert weighted("keras-2.2", None, weights, mask) == pytest.approx(numbers[0], rel=1e-12)
    assert weighted("keras-2.3", None, column, mask) == pytest.approx(numbers[1], rel=1e-12)
    assert weighted("keras-2", None, column, mask) == pytest.approx(numbers[2], rel=1e-12)
    assert weighted("keras-3", None, column, mask) == pytest.approx(numbers[2], rel=1e-12)


def test_the_corners_of_the_normalizers() -> None:
    nothing, none = np.zeros(2), np.zeros_like(MASK)
    with np.errstate(all="ignore"):
        assert np.isnan(weighted("keras-2.2", None, nothing, None))
        assert weighted("keras-2", None, nothing[:, None], None) == 0
        assert weighted("keras-2.2", None, None, none) == 0
        assert np.isnan(weighted("keras-2.2", "2.2.4", None, none))
        assert weighted("keras-2.3", None, None, none) == 0
        assert np.isnan(weighted("keras-2", None, None, none))
        assert weighted("keras-3", None, None, none) == 0
        assert weighted("keras-3", "3.12", None, none) == 0


def test_samples_of_weight_zero_leave_the_loss_of_keras_2_2_as_it_is() -> None:
    y_true, y_pred = np.zeros((2, 1)), np.array([[1.0], [2.0]])
    alone = objective.weighted_keras_2_2(y_true, y_pred, np.array([3.0, 1.0]), None)[0]
    more = np.concatenate([y_pred, [[9.0]]])
    padded = objective.weighted_keras_2_2(np.zeros((3, 1)), more, np.array([3.0, 1.0, 0.0]), None)[0]
    assert alone.value == pytest.approx(3.5)
    assert padded.value == pytest.approx(3.5)


def test_paths_step_metrics_and_outputs_by_hand() -> None:
    x = np.arange(1, 6, dtype=np.float32)[:, None]
    zero, w = np.zeros_like(x), np.array([1, 2, 0, 4, 5], np.float32)
    plain = {"x": x, "y": zero, "batch": 2}
    assert say("weighting.paths", "keras-2", weights=None, route="fit", **plain).value == pytest.approx(11)
    assert say("weighting.paths", "keras-2", weights=w, route="fit", **plain).value == pytest.approx(39.6)
    by_batches = (4.5 * 2 + 64 * 2 + 125 * 1) / 5
    told = say("weighting.paths", "keras-2.2", weights=w, route="fit", **plain)
    assert told.value == pytest.approx(by_batches)
    loss, metric, in_weights = say("weighting.metrics", "keras-2", weights=w, **plain)
    assert loss.value == pytest.approx(39.6)
    assert metric.value == pytest.approx(11)
    assert in_weights.value == pytest.approx(198 / 12)
    reported, kernel = say("weighting.step", "keras-3", x=x, y=zero, weights=w, rate=0.01)
    assert reported.value == pytest.approx(39.6)
    assert kernel.value[0, 0] == pytest.approx(1 - 0.01 * 2 * 39.6)
    total, one, two = say(
        "weighting.outputs",
        "keras-3",
        x=x[:1],
        targets=[x[:1] + 1, x[:1] + 2],
        weights=None,
        loss_weights=[1.0, 0.5],
    )
    assert (total.value, one.value, two.value) == pytest.approx((3, 1, 4))


def test_labels_of_minus_100_leave_the_mean_of_the_others() -> None:
    logits = np.array([[[0, 0, 0], [1, 2, 3]], [[5, 0, 0], [0, 0, 0]]], np.float32)
    labels = np.array([[0, -100], [0, -100]])
    given = {"logits": logits, "labels": labels, "attention_mask": None}
    loss = say("weighting.token-labels", "transformers", task="masked-lm", **given)
    expected = (np.log(3) + np.log(1 + 2 * np.exp(-5.0))) / 2
    assert loss.value == pytest.approx(expected)
    shifted = say(
        "weighting.token-labels",
        "transformers",
        task="causal-lm",
        logits=logits,
        labels=np.array([[-100, 2], [-100, -100]]),
        attention_mask=None,
    )
    assert shifted.value == pytest.approx(np.log(3))


U = np.array([0.5, -2.0])
PAIR = {
    "y_true": np.array([[0.2, -1.0, 3.0], [0.5, 0.1, -0.7]]),
    "y_pred": np.array([[0.9, 0.4, -2.0], [1.5, 0.3, 0.2]]),
    "upstream": U,
}
SHARES = {
    "y_true": np.array([[0.25, 0.25, 0.5], [0.0, 1.0, 0.0]]),
    "y_pred": np.array([[0.3, 0.6, 0.2], [0.5, 0.1, 0.7]]),
    "upstream": U,
}
IDS = {"y_true": np.array([2, 0]), "y_pred": SHARES["y_pred"], "upstream": U}
QUESTIONS = {"from_logits": False, "label_smoothing": 0.1}
CLASSES = QUESTIONS | {"axis": -1}
CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("losses.distance", "keras-2", {"loss": "mean_squared_error"} | PAIR),
    ("losses.distance", "keras-3", {"loss": "mean_absolute_error"} | PAIR),
    ("losses.huber", "keras-3", {"delta": 0.8} | PAIR),
    ("losses.log-cosh", "keras-2", PAIR),
    ("losses.hinge", "keras-2", PAIR),
    ("losses.kl-divergence", "keras-3", SHARES),
    ("losses.binary", "keras-3", SHARES | QUESTIONS),
    ("losses.binary", "keras-2", SHARES | QUESTIONS),
    ("losses.binary", "keras-2", SHARES | QUESTIONS | {"from_logits": True}),
    ("losses.categorical", "keras-2", SHARES | CLASSES),
    ("losses.categorical", "keras-3", SHARES | CLASSES | {"from_logits": True}),
    ("losses.sparse", "keras-2", IDS | {"from_logits": False, "ignore_class": None, "axis": -1}),
    ("losses.sparse", "keras-3", IDS | {"from_logits": False, "ignore_class": None, "axis": -1}),
    ("losses.sparse", "keras-3", IDS | {"from_logits": True, "ignore_class": 2, "axis": -1}),
    *(
        (
            "losses.reduced-distance",
            "torch",
            PAIR | {"loss": loss, "delta": 0.7, "reduction": "mean", "upstream": np.array(2.0)},
        )
        for loss in ("MSELoss", "L1Loss", "HuberLoss", "SmoothL1Loss")
    ),
    *(
        (
            "losses.reduced-binary",
            "torch",
            SHARES
            | {"loss": loss, "weight": np.array([1.0, 2, 0.5]), "reduction": "mean"}
            | {"upstream": np.array(2.0), "pos_weight": positive},
        )
        for loss, positive in (("BCELoss", None), ("BCEWithLogitsLoss", np.array([3.0, 1, 2])))
    ),
    *(
        (
            "losses.reduced-classes",
            "torch",
            {"y_pred": SHARES["y_pred"], "upstream": np.array(2.0), "weight": np.array([1.0, 2, 0.5])}
            | {"loss": loss, "y_true": target, "ignore_index": -100, "label_smoothing": 0.2}
            | {"reduction": "mean"},
        )
        for loss, target in (
            ("CrossEntropyLoss", IDS["y_true"]),
            ("CrossEntropyLoss", SHARES["y_true"]),
            ("NLLLoss", IDS["y_true"]),
        )
    ),
    *(
        ("weighting.weighted", dialect, PAIR | {"weights": np.array(w), "mask": np.array([True, True])})
        for dialect, w in (("keras-2.2", [2.0, 1.0]), ("keras-2", [2.0, -1.0]), ("keras-3", [0.0, 1.0]))
    ),
]


@pytest.mark.parametrize(("clause", "dialect", "inputs"), CASES, ids=lambda item: str(item)[:40])
def test_a_gradient_is_what_finite_differences_say(clause: str, dialect: str, inputs: dict[str, Any]) -> None:
    given = dict(inputs)
    upstream = given["upstream"]
    if clause.startswith("weighting"):
        upstream = np.array(1.0)
        del given["upstream"]
    _, gradient = first(say(clause, dialect, **given))
    step = 1e-6
    for index in np.ndindex(given["y_pred"].shape):
        moved = []
        for sign in (1, -1):
            y_pred = given["y_pred"].copy()
            y_pred[index] += sign * step
            moved.append(first(say(clause, dialect, **(given | {"y_pred": y_pred})))[0].value)
        slope = ((moved[0] - moved[1]) / (2 * step) * upstream).sum()
        assert gradient.value[index] == pytest.approx(slope, rel=2e-5, abs=1e-7)


def test_losses_by_hand() -> None:
    huber = say(
        "losses.huber",
        "keras-3",
        y_true=np.array([[0.0, 1], [0, 0]]),
        y_pred=np.array([[0.6, 0.4], [0.4, 0.6]]),
        upstream=np.ones(2),
        delta=1.0,
    )[0]
    assert huber.value == pytest.approx([0.18, 0.13])
    cosine = say(
        "losses.cosine",
        "keras-2",
        y_true=np.array([[0.0, 1], [1, 1], [1, 1], [0, 0]]),
        y_pred=np.array([[1.0, 0], [1, 1], [-1, -1], [1, 2]]),
    )
    assert cosine.value == pytest.approx([0, -1, 1, 0])
    sure = {"y_true": np.array([[1.0]], np.float32), "y_pred": np.array([[0.0]], np.float32)}
    rest = {"upstream": np.ones(1, np.float32), "from_logits": False, "label_smoothing": 0.0}
    assert say("losses.binary", "keras-3", **sure, **rest)[0].value == pytest.approx([-np.log(1e-7)])
    assert say("losses.binary", "keras-2", **sure, **rest)[0].value == pytest.approx([-np.log(2e-7)])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_a_bound_holds_in_any_order_and_is_no_wider_than_the_count_of_roundings(dtype: str) -> None:
    from backends.codec import dtype_named

    kind, random = dtype_named(dtype), np.random.default_rng(5)
    for _ in range(200):
        terms = random.standard_normal(10).astype(kind)
        oracle = track(terms, kind).sum()
        control = track(terms, kind, Working(kind, reverse=True)).sum()
        assert abs(float(control.value) - float(oracle.value)) <= float(oracle.error)
        assert float(oracle.error) <= 9.4 * oracle.form.unit * float(np.abs(terms.astype(np.float64)).sum())


@pytest.mark.parametrize(
    ("dtype", "roundoffs"), [("float16", 10), ("bfloat16", 10), ("float32", 10), ("float64", 20)]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_ten_roundoffs_in_a_sum_of_ten_positive_terms_are_caught(
    dtype: str, roundoffs: int, sign: int
) -> None:
    """In float64 the oracle's own nine roundings count as well, so there it takes twice as many."""
    from backends.base import Outcome
    from backends.codec import dtype_named

    kind = dtype_named(dtype)
    for seed in range(50):
        terms = np.random.default_rng(seed).random(10).astype(kind)
        tracked = track(terms, kind).sum()
        said, total = tracked.bounded(), float(terms.astype(np.float64).sum())
        spoiled, step = np.asarray(total, kind), roundoffs * tracked.form.unit * total
        while abs(float(spoiled) - total) < step:  # the nearest number that is so far away
            spoiled = np.nextafter(spoiled, np.asarray(sign * np.inf, kind))
        with pytest.raises(Disagreement):
            agree(said, Outcome("value", spoiled))
        plain = np.asarray(0, kind)
        for term in terms:
            plain = np.asarray(plain + term, kind)
        agree(said, Outcome("value", plain))


def test_sums_on_a_grid_and_products_with_powers_of_two_are_exact() -> None:
    half = np.dtype(np.float16)
    quarters = track(np.array([0.25, 2.0, -3.0, 0.5]), half)
    assert float(quarters.sum().error) == 0
    assert float((quarters * 0.5).error.max()) == 0
    assert float((quarters * 0.1).error.max()) > 0
    assert float(track(np.array([2048.0, 0.25]), half).sum().error) > 0


def test_what_the_readings_refuse() -> None:
    wide = {"y_true": np.zeros((2, 2)), "y_pred": np.full((2, 3), 0.5), "upstream": U}
    assert isinstance(say("losses.binary", "keras-3", **wide, **QUESTIONS), Refused)
    ids = IDS | {"y_true": np.array([3, 0]), "from_logits": True, "ignore_class": None, "axis": -1}
    assert isinstance(say("losses.sparse", "keras-2", **ids), Refused)
    assert isinstance(say("losses.sparse", "keras-3", **ids), AnyOf)
    both = {"y_true": np.zeros((2, 1)), "y_pred": np.zeros((2, 1)), "class_weight": {0: 1.0}}
    assert isinstance(say("weighting.class-weight", "keras-3", sample_weight=np.ones(2), **both), Refused)
    assert isinstance(say("weighting.class-weight", "keras-2", sample_weight=np.ones(2), **both), Bounded)


def flags_of(number: Tracked) -> list[set[str]]:
    """What may come out instead of each number."""
    names = {UP: "∞", DOWN: "−∞", NOTHING: "NaN"}
    flags = np.zeros(number.shape, np.uint8) if number.flags is None else number.flags
    return [{name for bit, name in names.items() if one & bit} for one in flags.ravel()]


def test_what_is_too_large_is_followed_by_the_rules_of_ieee_754() -> None:
    half = np.dtype(np.float16)
    p = track(np.array([2.0**-17, 2.0**-3, 2.0**-17]), half)
    steep = p.reciprocal()
    assert flags_of(steep) == [{"∞"}, set(), {"∞"}]
    assert flags_of(-steep) == [{"−∞"}, set(), {"−∞"}]
    assert flags_of((-steep).abs()) == flags_of(steep)
    factors = track(np.array([-2.0, 0.0, 0.0]), half)
    assert flags_of(steep * factors) == flags_of(factors * steep) == [{"−∞"}, set(), {"NaN"}]
    assert flags_of(steep * 2.0**-6) == flags_of(steep), "what is lost does not come back"
    assert flags_of(steep - steep) == [{"∞", "−∞", "NaN"}, set(), {"∞", "−∞", "NaN"}]
    assert flags_of(steep.sum()) == [{"∞"}]
    assert flags_of((steep * factors).sum()) == [{"−∞", "NaN"}]
    assert flags_of(steep.where(np.array([False, True, True]), 1.0)) == [set(), set(), {"∞"}]
    quotient = p.constant(1.0) / steep
    assert np.isinf(quotient.error[0]), "1 ÷ ∞ is 0, and the number is another"
    assert quotient.error[1] < 1e-3
    assert flags_of(track(np.array([2.0**-17]), np.dtype(np.float32)).reciprocal()) == [set()]


def test_partial_sums_that_are_too_large_may_meet() -> None:
    half = np.dtype(np.float16)
    for terms, said in (
        ([60000.0, 60000.0, -60000.0], {"∞"}),
        ([60000.0, 60000.0, -60000.0, -60000.0], {"∞", "−∞", "NaN"}),
        ([60000.0, -60000.0], set()),
    ):
        assert flags_of(track(np.array(terms), half).sum()) == [said]


def test_a_slope_behind_a_clipping_is_zero_or_nothing() -> None:
    """At a probability of 0 in float16 1 ÷ ε is ∞: times 0 it is NaN; not in float32."""
    case = {"y_true": np.ones((1, 1)), "y_pred": np.zeros((1, 1)), "upstream": np.ones(1)}
    for dtype in (np.float16, np.float32):
        inputs = {name: array.astype(dtype) for name, array in case.items()}
        _, gradient = say("losses.binary", "keras-3", **inputs, from_logits=False, label_smoothing=0.0)
        assert (gradient.value == 0).all()
        if dtype == np.float16:
            assert (gradient.flags == NOTHING).all()
        else:
            assert gradient.flags is None
