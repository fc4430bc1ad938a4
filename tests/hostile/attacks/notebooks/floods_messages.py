"""Sends a hundred thousand messages of one character, each flushed by itself."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
import sys

for number in range(100_000):
    sys.stdout.write("x")
    sys.stdout.flush()
