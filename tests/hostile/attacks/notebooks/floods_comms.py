"""Sends messages of kinds that there are not, and updates one display for as long as it is heard."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
from IPython.display import display

outlet = get_ipython().outlet
for number in range(20_000):
    outlet.send("comm_open", {"comm_id": str(number), "target_name": "jupyter.widget", "data": {"state": {}}})
# %%
shown = display("x", display_id=True)
for number in range(20_000):
    shown.update(str(number))
