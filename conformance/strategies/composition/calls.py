"""Structures of calls: a graph, and inputs given in one way or another."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.strategies.composition.graphs import NORMALIZED, Graph, graphs

AS_DECLARED = st.just("form")
BATCHES = st.sampled_from((2, 1, 3, 0))


def _several(structure: Graph) -> bool:
    return len(structure.layers[structure.model]["inputs"]) > 1


def _same_shapes(structure: Graph) -> bool:
    """A tensor that is taken for another must fit in its place, to be told from it by its values."""
    return len({tuple(shape) for _, shape, _ in structure.layers[structure.model]["inputs"]}) == 1


composed = graphs(AS_DECLARED, BATCHES, kinds=NORMALIZED)
nested = graphs(AS_DECLARED, st.just(2), kinds=("Dense", "Activation"), depth=3, most=3)
batches = graphs(AS_DECLARED, st.sampled_from((0, 1)), depth=1)
named = graphs(st.sampled_from(("dict", "reversed", "extra")), st.just(2), depth=1, most=2).filter(
    lambda one: _several(one) and _same_shapes(one)
)
missing = graphs(st.just("missing"), st.just(2), depth=0, most=2).filter(_several)
listed = graphs(st.just("list"), st.just(2), forms=("dict", "list", "dict"), depth=1, most=2).filter(
    lambda one: _several(one) and _same_shapes(one)
)
