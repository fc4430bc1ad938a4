"""Errors, replies and outputs of every form but the right one, in the name of the cell that runs."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
import json, os, struct, time

LINE = get_ipython().outlet.line.fileno()
MARKUP = "<script>alert('claimed')</script><img src=x onerror=alert(1)>\x1b[2J\u202e"


def say(kind, content):
    request = get_ipython().outlet.request
    data = json.dumps({"kind": kind, "request": request, "content": content}).encode()
    os.write(LINE, struct.pack(">IB", 1, 3) + data)


for frames in (
    {"a": 1},
    [{"file": "notebook cell 1", "line": 10**30, "function": MARKUP, "code": MARKUP}],
    [{"file": "notebook cell 2", "line": -1}, {"file": "../x", "line": 1}, {"file": MARKUP, "line": 1}],
    [{"file": "notebook cell 2", "line": 3, "function": MARKUP, "code": MARKUP}],
):
    say("error", {"ename": [MARKUP], "evalue": {"x": MARKUP}, "frames": frames})
    say("stream", {"name": frames, "text": [MARKUP, frames]})
say("stream", {"name": "stdout", "text": MARKUP})
say("reply", {"status": ["ok"]})
time.sleep(0.1)
# %%
say(
    "reply",
    {"status": "error", "ename": MARKUP, "evalue": MARKUP, "frames": [{"file": MARKUP, "line": 1}]},
)
time.sleep(0.1)
