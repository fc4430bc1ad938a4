"""What the notebooks bring along: data, training, gradient checks, the sizes of the experiments."""
