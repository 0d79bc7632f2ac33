"""Hypothesis strategies for structures, and numpy fills for their values; for users' own laws too."""
