"""Shuts its kernel down by the protocol, from inside, and says good-bye in the driver's name."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
kernel, outlet = get_ipython().kernel, get_ipython().outlet
for kind in ("shutdown_reply", "shutdown_request", "interrupt_request", "debug_event", "debug_reply"):
    outlet.send(kind, {"status": "ok", "restart": True})
# %%
kernel.do_shutdown(True)
# %%
import asyncio

asyncio.get_running_loop().stop()
raise SystemExit
