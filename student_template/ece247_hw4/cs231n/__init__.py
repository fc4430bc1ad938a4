"""Older versions of the notebooks import `utils` under this name."""
