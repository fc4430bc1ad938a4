"""The sandbox: rooms for student code, the warm parents that are forked into them, the channel that evidence comes back through.

Imports nothing itself: `launch` is wanted before the rest of the grader is imported.
"""
