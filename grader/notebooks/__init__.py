"""Notebooks: reading whatever students call one, running it headlessly, and its outputs as data."""
