"""The self-check: published checks, what is expected, and what runs them. `check.py` beside this folder starts it."""
