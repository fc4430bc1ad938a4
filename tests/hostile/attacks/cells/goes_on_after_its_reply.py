"""Replies in the kernel's name, and then neither falls silent nor says that it is done."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
import time

kernel = get_ipython().kernel
kernel.session.send(None, "execute_reply", {"status": "ok"}, parent=kernel.get_parent())
for _ in range(40):
    kernel.session.send(None, "stream", {"name": "stdout", "text": "."}, parent=kernel.get_parent())
    time.sleep(1)
# %%
print("reached")
