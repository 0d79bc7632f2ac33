"""Structures for the chapter embedding: of lookups, gradients, tables, training and bags."""
