"""Structures of calls: a graph, and inputs given in one way or another."""

from __future__ import annotations

import json
from dataclasses import replace

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
tuples = graphs(
    st.sampled_from(("form", "tuple", "list")), st.just(2), forms=("tuple", "list"), depth=1, most=2
).filter(lambda one: _several(one) and _same_shapes(one))


@st.composite
def _by_class(draw: st.DrawFn) -> Graph:
    """A graph in which some models, one at least, are of classes of their own."""
    structure: Graph = draw(graphs(AS_DECLARED, st.just(2), forms=("list", "dict", "tuple"), depth=2, most=3))
    layers = structure.layers
    models = [name for name, layer in layers.items() if layer["kind"] == "Model"]
    first = draw(st.sampled_from(models))
    for name in models:
        if name == first or draw(st.booleans()):
            layers[name]["style"] = "subclassed"
    return replace(structure, table=json.dumps(layers))


by_class = _by_class()
