"""Leaves the kernel in the middle of the notebook."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
import os

os._exit(0)
