"""What the course provides: data and the sizes of the experiments."""
