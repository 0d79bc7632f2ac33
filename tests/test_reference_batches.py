"""The chapter batches against examples by hand, known streams, and second paths."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from reference.batches.augmenting import augmentation_keras_2, augmentation_keras_2_2, pair_keras
from reference.batches.draws import transform
from reference.batches.flowing import flow, subset, subset_keras_2_2
from reference.batches.loading import distinct, loader, random_split, sampler
from reference.batches.splitting import split_keras_2, split_keras_2_2
from reference.batches.training import weights_keras_2_2, weights_keras_2_3, weights_torch
from reference.errors import LengthMismatch, Refused
from reference.outcomes import AnyOf, Shuffled

Array = np.ndarray[Any, Any]


def numbered(samples: int) -> tuple[Array, Array, Array]:
    """Images, targets and weights that say which sample they are of."""
    labels = np.arange(samples)
    return labels.reshape(-1, 1, 1, 1).astype(np.float32), labels, labels * 10.0


def flowed(samples: int, **options: Any) -> Any:
    images, y, weights = numbered(samples)
    usual: dict[str, Any] = {
        "extra": None,
        "batch": 2,
        "shuffle": True,
        "seed": 3,
        "epochs": 1,
        "route": "next",
    }
    return flow(images=images, y=y, weights=weights, **usual | options)


# Order and alignment


def test_five_samples_in_batches_of_two_come_as_two_two_one_and_again() -> None:
    said = flowed(5, shuffle=False, epochs=2)
    assert [one[1].tolist() for one in said] == [[0, 1], [2, 3], [4], [0, 1], [2, 3], [4]]


def test_a_seeded_epoch_is_the_permutation_of_seed_plus_steps() -> None:
    said = flowed(5, epochs=2)
    told = np.concatenate([one[1] for one in said])
    np.random.seed(3)
    first = np.random.permutation(5)
    np.random.seed(3 + 3)
    assert told.tolist() == [*first, *np.random.permutation(5)]


def test_by_index_the_second_epoch_goes_on_where_the_last_batch_ended() -> None:
    told = np.concatenate([one[1] for one in flowed(5, epochs=2, route="index")])
    np.random.seed(3 + 2)  # the third step, with one image: two numbers for its flips
    np.random.random(2)
    assert told[5:].tolist() == np.random.permutation(5).tolist()


@pytest.mark.parametrize("route", ["next", "index"])
@pytest.mark.parametrize("shuffle", [True, False])
def test_image_target_and_weight_stay_together(route: str, shuffle: bool) -> None:
    told = flowed(7, epochs=3, route=route, shuffle=shuffle)
    assert [len(y) for _, y, _ in told] == [2, 2, 2, 1] * 3
    for images, y, weights in told:
        assert images.ravel().tolist() == y.tolist() == (weights / 10).tolist()


def test_without_targets_images_come_alone() -> None:
    images, _, weights = numbered(2)
    said = flow(images, None, None, weights, 2, False, None, 1, "next")
    assert isinstance(said, list)
    assert said[0].shape == (2, 1, 1, 1)


def test_without_a_seed_the_order_is_left_open_and_the_samples_are_not() -> None:
    said = flowed(5, seed=None)
    assert isinstance(said, Shuffled)
    assert said.sizes == (2, 2, 1)


def test_a_weight_too_few_is_refused() -> None:
    images, y, weights = numbered(3)
    with pytest.raises(LengthMismatch):
        flow(images, None, y, weights[:2], 2, False, None, 1, "next")


# Parts


def test_of_ten_samples_a_share_of_three_tenths_keeps_the_first_three_for_validation() -> None:
    images, _, weights = numbered(10)
    y = np.resize([0, 1], 10)
    parts = {
        part: subset(images, y, weights, 0.3, part, 10, False, 0, False)[0]
        for part in ("validation", "training")
    }
    assert parts["validation"][0].ravel().tolist() == [0, 1, 2]
    assert parts["training"][0].ravel().tolist() == [3, 4, 5, 6, 7, 8, 9]
    assert parts["training"][2].tolist() == [30, 40, 50, 60, 70, 80, 90], "each its own weight"


def test_sorted_labels_are_refused_unless_they_are_to_be_accepted() -> None:
    images, _, weights = numbered(4)
    y = np.array([0, 0, 1, 1])
    with pytest.raises(Refused, match="classes"):
        subset(images, y, weights, 0.5, "training", 4, False, 0, False)
    assert len(subset(images, y, weights, 0.5, "training", 4, False, 0, True)) == 1
    with pytest.raises(Refused, match="ignore_class_split"):
        subset_keras_2_2(images, y, weights, 0.5, "training", 4, False, 0, True)


def test_fit_keeps_the_last_two_of_five() -> None:
    x, y = np.array([[1], [2], [3], [4], [5]], np.float32), np.zeros((5, 1), np.float32)
    weights = np.array([1, 1, 1, 0, 2], np.float32)
    loss, judged = split_keras_2(x, y, None, 0.4, 8, True, False)
    assert judged is not None
    assert (loss.value, judged.value) == (pytest.approx(14 / 3), pytest.approx(41 / 2))
    _, judged = split_keras_2(x, y, weights, 0.4, 8, True, False)
    assert judged is not None
    assert judged.value == pytest.approx(50 / 2)
    said = split_keras_2_2(x, y, weights, 0.4, 8, True, False)
    assert not isinstance(said, AnyOf)
    assert said[1] is not None
    assert said[1].value == pytest.approx(50 / 1), "one weight is not 0"


def test_nine_tenths_of_ten_leave_no_sample_to_learn_from() -> None:
    x = np.zeros((10, 1), np.float32)
    with pytest.raises(Refused):
        split_keras_2(x, x, None, 0.9, 8, False, False)


# Augmentation


def augmented(reading: Any, image: list[list[float]], options: dict[str, Any], seed: int = 0) -> Array:
    array = np.array(image, np.float32)[None, :, :, None]
    ((x, *_),) = reading(array, np.zeros(1), None, options, 1, False, seed, 1)
    return np.asarray(x.value)[0, :, :, 0]


def seed_with(options: dict[str, Any], wanted: Any) -> int:
    """A seed whose first transformation is as wanted."""
    return next(s for s in range(500) if wanted(transform(np.random.RandomState(s), options, 3, 3)))


@pytest.mark.parametrize("reading", [augmentation_keras_2_2, augmentation_keras_2])
def test_shifts_by_hand(reading: Any) -> None:
    image = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]
    down = {"height_shift_range": 2, "fill_mode": "nearest"}
    seed = seed_with(down, lambda drawn: drawn.down == 1)
    assert augmented(reading, image, down, seed).tolist() == [image[1], image[2], image[2]]
    right = {"width_shift_range": 2, "fill_mode": "constant", "cval": 0.5}
    seed = seed_with(right, lambda drawn: drawn.right == 1)
    assert augmented(reading, image, right, seed).tolist() == [[2, 3, 0.5], [5, 6, 0.5], [8, 9, 0.5]]
    far = {"width_shift_range": 3, "fill_mode": "reflect"}
    seed = seed_with(far, lambda drawn: drawn.right == -2)
    assert augmented(reading, image, far, seed).tolist() == [[2, 1, 1], [5, 4, 4], [8, 7, 7]]


def test_flips_by_hand() -> None:
    options = {"horizontal_flip": True, "vertical_flip": True}
    seed = seed_with(options, lambda drawn: drawn.horizontal and not drawn.vertical)
    assert augmented(augmentation_keras_2, [[1.0, 2.0], [3.0, 4.0]], options, seed).tolist() == [
        [2, 1],
        [4, 3],
    ]


def test_a_rotation_about_the_middle_keeps_the_middle_and_turns_the_other_way_than_before() -> None:
    options = {"rotation_range": 90, "fill_mode": "nearest"}
    image = [[0.0, 0.0, 0.0], [0.0, 7.0, 3.0], [0.0, 0.0, 0.0]]
    seed = seed_with(options, lambda drawn: drawn.degrees > 80)
    turned = augmented(augmentation_keras_2, image, options, seed)
    assert turned[1, 1] == pytest.approx(7.0)
    assert turned[0, 1] > 2.5, "a quarter turn, nearly, brings what was on the right to the top"
    assert augmented(augmentation_keras_2_2, image, options, seed)[1, 1] != pytest.approx(7.0)


def test_rescaling_is_one_rounding() -> None:
    array = np.arange(256, dtype=np.float32).reshape(1, 16, 16, 1)
    ((x, _),) = augmentation_keras_2(array, np.zeros(1), None, {"rescale": 1 / 255}, 1, False, 0, 1)
    assert np.abs(x.value - array / 255.0).max() <= 2.0**-24


def test_a_mask_that_is_a_target_is_not_moved_and_one_of_a_generator_is() -> None:
    masks = np.array([[[[1.0], [0.0]]]], np.float32)
    options = {"horizontal_flip": True}
    seed = seed_with(options, lambda drawn: drawn.horizontal)
    ((x, y),) = augmentation_keras_2(masks, masks, None, options, 1, False, seed, 1)
    assert x.value.ravel().tolist() == [0, 1]
    assert y.ravel().tolist() == [1, 0]
    ((image, mask),) = pair_keras(masks, masks, options, 1, False, (seed, seed), 1, columns_first=True)
    assert image.value.tolist() == mask.value.tolist() == x.value.tolist()


# Weights on their way to the gradient


def numeric(images: Array, y: Array, weights: Array, kernels: list[Array], net: str, nonzero: bool) -> float:
    """The weighted loss of one batch, along another path: explicit loops and plain floats."""
    total = 0.0
    for image, target, weight in zip(images[..., 0].astype(float), y, weights, strict=True):
        flat = target.ravel().astype(float)
        if net == "dense":
            logits = [float(image.ravel() @ kernels[0][:, 0])]
        else:
            wide = np.pad(image, 1)
            logits = []
            for i in range(image.shape[0]):
                for j in range(image.shape[1]):
                    around = wide[i : i + 3, j : j + 3]
                    hidden = [
                        max(0.0, float((around * kernels[0][:, :, 0, f]).sum()))
                        for f in range(kernels[0].shape[-1])
                    ]
                    logits.append(float(np.dot(hidden, kernels[1].ravel())))
        costs = [np.logaddexp(0, z) - t * z for z, t in zip(logits, flat, strict=True)]
        total += float(weight) * float(np.mean(costs))
    return total / (np.count_nonzero(weights) if nonzero else len(images))


@pytest.mark.parametrize("net", ["dense", "flat", "image"])
@pytest.mark.parametrize("reading", [weights_keras_2_2, weights_keras_2_3, weights_torch])
def test_loss_and_first_step_are_those_of_finite_differences(reading: Any, net: str) -> None:
    random = np.random.default_rng(5)
    images = random.random((3, 4, 3, 1)).astype(np.float32)
    weights = np.array([2, 0, 0.5], np.float32)
    shape = {"dense": (3, 1), "flat": (3, 12), "image": (3, 4, 3, 1)}[net]
    y = random.integers(0, 2, shape).astype(np.float32)
    shapes = [(12, 1)] if net == "dense" else [(3, 3, 1, 2), (1, 1, 2, 1)]
    kernels = [random.standard_normal(shape).astype(np.float32) for shape in shapes]
    nonzero = reading is weights_keras_2_2
    (loss,), moved = reading(images, y, weights, kernels, net, 3, 1, 1.0)
    wide = [kernel.astype(float) for kernel in kernels]
    assert loss.value == pytest.approx(numeric(images, y, weights, wide, net, nonzero))
    for number, kernel in enumerate(wide):
        for place in [tuple(index) for index in np.argwhere(np.ones_like(kernel))][:6]:
            costs = []
            for step in (1e-6, -1e-6):
                bent = [one.copy() for one in wide]
                bent[number][place] += step
                costs.append(numeric(images, y, weights, bent, net, nonzero))
            slope = (costs[0] - costs[1]) / 2e-6
            assert kernel[place] - moved[number].value[place] == pytest.approx(slope, abs=1e-6)


def test_an_epoch_of_uneven_batches_reports_the_mean_by_their_samples() -> None:
    images, y = np.zeros((3, 1, 1, 1), np.float32), np.zeros((3, 1), np.float32)
    weights = np.array([1, 1, 4], np.float32)
    (loss,), _ = weights_keras_2_3(images, y, weights, [np.ones((1, 1), np.float32)], "dense", 2, 1, 0.5)
    assert loss.value == pytest.approx(np.log(2) * (1 * 2 + 4 * 1) / 3)
    losses, _ = weights_torch(images, y, weights, [np.ones((1, 1), np.float32)], "dense", 2, 1, 0.5)
    assert [float(one.value) for one in losses] == pytest.approx([np.log(2), 4 * np.log(2)])


# PyTorch


def test_a_loader_by_hand() -> None:
    tensors = [np.array([5, 6, 7]), np.array([0.5, 0.6, 0.7])]
    said = loader(tensors, None, 2, False, False, 0, 1)
    assert isinstance(said, list)
    assert [[part.tolist() for part in one] for one in said] == [[[5, 6], [0.5, 0.6]], [[7], [0.7]]]
    said = loader(tensors, [2, 0, 2], 2, True, False, 0, 1)
    assert isinstance(said, list)
    assert [[part.tolist() for part in one] for one in said] == [[[7, 5], [0.7, 0.5]]]


@pytest.mark.parametrize(
    ("lengths", "counts"),
    [
        ((3, 7), (3, 7)),
        ((0.25, 0.75), (3, 7)),
        ((1 / 3, 1 / 3, 1 / 3), (4, 3, 3)),
        ((0.15, 0.35, 0.5), (2, 3, 5)),
    ],
)
def test_what_fractions_leave_is_given_out_one_by_one(lengths: Any, counts: tuple[int, ...]) -> None:
    assert random_split(10, list(lengths), 0).sizes == counts


def test_a_sampler_draws_by_weight() -> None:
    assert sampler(np.array([0, 1, 1]), np.array([2.0, 1.0, 5.0]), 4, 0).probability == 0.75
    said = distinct(np.array([0.0, 2.0, 1.0]), 2, 1, 0)
    assert Counter(said.form.tolist()) == {1: 1, 2: 1}
    with pytest.raises(Refused):
        distinct(np.array([0.0, 2.0]), 2, 1, 0)
