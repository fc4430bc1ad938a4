"""Inline questions: finding answers in a notebook, reading choices, helping the person who marks. Pure."""
