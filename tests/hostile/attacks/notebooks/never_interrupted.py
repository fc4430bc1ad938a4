"""Swallows every interrupt."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
import signal, time

signal.signal(signal.SIGINT, signal.SIG_IGN)
while True:
    try:
        time.sleep(0.1)
    except BaseException:
        pass
