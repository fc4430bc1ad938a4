"""Proofs that an assignment's checks are right: verdicts of samples, mutants killed, right variants kept."""
