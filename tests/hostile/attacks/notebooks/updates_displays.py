"""Updates and clears one display without end."""

# %%
from IPython.display import clear_output, display

handle = display("a", display_id=True)
for _ in range(30_000):
    handle.update("b" * 100)
    clear_output(wait=True)


# %%
def spread(x):
    return x.max(axis=0)
