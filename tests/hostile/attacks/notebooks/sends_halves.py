"""Speaks to the driver in packets of its own making: begins of messages without end, in the name of countless senders."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
import os
import struct

line = get_ipython().outlet.line.fileno()
for sender in range(10**9):
    os.write(line, struct.pack(">IB", sender % 2**32, 1))
