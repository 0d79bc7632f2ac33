"""Transformers: embeddings, hidden states, attention maps, masks, the pooler, and how to ask for them.

`parts`, `attention`, `families` and `t5` compute; the modules of the clauses say what a backend
gives of it. Everything is computed in float64 from given weights, and `arithmetic` says how far a
backend's roundings may carry.
"""

from __future__ import annotations

from reference.transformer import asking as asking
from reference.transformer import attentions as attentions
from reference.transformer import embeddings as embeddings
from reference.transformer import hidden_states as hidden_states
from reference.transformer import modes as modes
from reference.transformer import pooler as pooler
