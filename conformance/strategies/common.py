"""What the strategies of all chapters share."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from conformance.structure import Structure

SEEDS = st.integers(0, 2**32 - 1)
"""Seeds of the values of a structure."""


class Few(Structure):
    """A structure whose cases are dear, such as training steps: it makes few of them."""

    def cases(self, fills: int) -> list[dict[str, Any]]:
        """The inputs of no more than three cases."""
        return super().cases(min(fills, 3))
