"""Opens and feeds widgets' channels without end, and updates one display for as long as it is heard."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
from IPython.display import display

session, socket = get_ipython().kernel.session, get_ipython().kernel.iopub_socket
for number in range(20_000):
    session.send(
        socket, "comm_open", {"comm_id": str(number), "target_name": "jupyter.widget", "data": {"state": {}}}
    )
# %%
shown = display("x", display_id=True)
for number in range(20_000):
    shown.update(str(number))
