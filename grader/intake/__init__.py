"""Intake: from what lies on the instructor's disk to sorted submissions. Runs nothing, writes to the blob store only."""

__all__: list[str] = []
