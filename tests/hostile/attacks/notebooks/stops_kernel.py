"""Stops the kernel's process."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
import os, signal

os.kill(os.getpid(), signal.SIGSTOP)
