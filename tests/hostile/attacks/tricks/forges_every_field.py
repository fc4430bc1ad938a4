"""Puts markup, formulas and terminal codes into every field of an answer that the harness reads."""

import grader.probe.serve as serve

MARKUP = "<script>alert('claimed')</script><img src=x onerror=alert(1)>{{7*7}}=cmd()\x1b]0;x\x07\u202e"
FRAME = {"file": MARKUP, "line": 1, "function": MARKUP, "code": MARKUP}
ANSWER = {
    "ending": "raised",
    "error": {"kind": MARKUP, "message": MARKUP, "frames": [FRAME] * 3},
    "detail": MARKUP,
    "warnings": [MARKUP, "=HYPERLINK(1)"] * 10,
    "cpu_s": -1e308,
    "wall_s": [MARKUP],
    "package": MARKUP,
    "imported_at": MARKUP,
}
serve.run_check = lambda attempt, implementation: (ANSWER, b"")


def center_forward(x):
    return x


center_backward = center_forward
