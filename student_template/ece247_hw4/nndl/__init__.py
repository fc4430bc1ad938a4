"""The network library of the homework: layers, update rules, the network."""
