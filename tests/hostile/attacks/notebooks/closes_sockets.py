"""Closes the kernel's own sockets."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
import os

os.closerange(3, 1024)
