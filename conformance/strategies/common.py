"""What the strategies of all chapters share."""

from __future__ import annotations

from hypothesis import strategies as st

SEEDS = st.integers(0, 2**32 - 1)
"""Seeds of the values of a structure."""
