"""Nearest neighbours over unit vectors by id: one interface, FAISS, and an exact reference in NumPy."""
