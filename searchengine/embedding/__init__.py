"""Pixels and sentences to unit vectors: one interface, one catalogue of models, and the runtimes behind it."""
