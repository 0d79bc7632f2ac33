"""Structures for the chapter composition: graphs of layers, and what is done to them."""
