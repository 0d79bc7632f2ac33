"""The look at every architecture: when the rows of an attention map sum to 1."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from backends.hf import architectures  # noqa: E402

pytestmark = pytest.mark.framework


@pytest.mark.parametrize("keys", [1, 3, 64, 4097])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("spread", [0.1, 3.0, 60.0])
def test_the_rows_of_a_softmax_sum_to_one_but_for_its_roundings(keys: int, dtype: str, spread: float) -> None:
    random = torch.Generator().manual_seed(keys)
    scores = spread * torch.randn(200, keys, generator=random, dtype=getattr(torch, dtype))
    assert architectures.adds_up(scores.softmax(-1))


@pytest.mark.parametrize("fault", [2e-6, -2e-6, 1e-5, float("nan"), float("inf")])
def test_a_row_that_misses_one_by_more_than_roundings_is_seen(fault: float) -> None:
    rows = torch.full((2, 3, 4), 0.25)
    assert architectures.adds_up(rows)
    rows[1, 2, 3] += fault
    assert not architectures.adds_up(rows)
