"""Fixing in place: the dialog that asks exactly what is missing, and what its answers mean."""
