"""The package of the batch normalization assignment."""
