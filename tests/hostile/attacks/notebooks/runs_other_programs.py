"""Shells in magics: one stays, one kills whatever it reaches."""

# %%
get_ipython().run_cell_magic("script", "sh --bg", "while true; do sleep 1; done")

# %%
get_ipython().run_cell_magic("bash", "", "kill -9 -1")


# %%
def spread(x):
    return x.max(axis=0)
