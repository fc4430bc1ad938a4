"""The functions and the network of the batch normalization assignment."""
