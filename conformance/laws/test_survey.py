"""The survey, run once a backend."""

from __future__ import annotations

from conformance.handle import Handle
from conformance.survey import surveyed


@surveyed
def test_open_points_are_surveyed(backend: Handle) -> None:
    """Every pinned case of an OPEN point is run, and the class of its outcome written down."""
