"""Replies in the kernel's name, and then neither falls silent nor says that it is done."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
import time

outlet = get_ipython().outlet
outlet.send("reply", {"status": "ok"})
for _ in range(40):
    outlet.send("stream", {"name": "stdout", "text": "."})
    time.sleep(1)
# %%
print("reached")
