"""Pinned cases of OPEN points, one file a chapter."""
