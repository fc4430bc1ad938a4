"""Takes the kernel's event loop: stops it, fills it, puts another in its place."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
import asyncio

loop = asyncio.get_event_loop()


def again():
    loop.call_soon(again)
    loop.call_soon(again)


loop.call_soon(again)
# %%
loop.call_soon(loop.stop)
asyncio.set_event_loop_policy(None)
asyncio.set_event_loop(asyncio.new_event_loop())
# %%
loop.close()
