"""Sends Jupyter messages of its own making: to other cells, without parents, of no form at all."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
import json

outlet = get_ipython().outlet
for kind, content in (
    ("stream", {"name": 5, "text": ["x", {"y": 1}]}),
    ("display_data", {"data": 3}),
    ("error", {"frames": [1, None]}),
    ("status", {"execution_state": ["idle"]}),
    ("update_display_data", {"transient": 7}),
    ("comm_open", {"comm_id": "x"}),
):
    outlet.send(kind, content)
    outlet.line.send(json.dumps({"kind": kind, "request": ["x"], "content": content}).encode())
outlet.line.send(b"[" * 5000)
