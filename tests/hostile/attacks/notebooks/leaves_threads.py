"""Leaves threads and a daemon behind that go on talking after the last cell."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
import ctypes, os, threading, time


def talk():
    while True:
        print("still here")
        time.sleep(0.001)


for _ in range(4):
    threading.Thread(target=talk, daemon=True).start()
if os.fork() == 0:
    os.setsid()
    ctypes.CDLL(None).prctl(15, os.environ["CLASS_TOKEN"].encode())
    while True:
        time.sleep(0.1)
