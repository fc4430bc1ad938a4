"""Sends Jupyter messages of its own making: to other cells, without parents, of no form at all."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
kernel = get_ipython().kernel
session, socket = kernel.session, kernel.iopub_socket
for kind, content in (
    ("stream", {"name": 5, "text": ["x", {"y": 1}]}),
    ("display_data", {"data": 3}),
    ("error", {"frames": [1, None]}),
    ("status", {"execution_state": ["idle"]}),
    ("update_display_data", {"transient": 7}),
    ("comm_open", {"comm_id": "x"}),
):
    session.send(socket, kind, content, parent=kernel.get_parent())
    session.send(socket, kind, content, parent={"header": {"msg_id": ["x"]}})
socket.send(b"[" * 5000)
