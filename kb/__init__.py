"""Precedent: what is known, and how the program is put together."""
