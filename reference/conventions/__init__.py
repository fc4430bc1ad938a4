"""One module per course: the same core under that course's names, signatures and return values."""
