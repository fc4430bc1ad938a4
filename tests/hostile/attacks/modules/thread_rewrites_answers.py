"""Goes on writing into its answer after it was returned."""

import threading


def center_forward(x):
    out = x.copy()

    def rewrite():
        while True:
            out[...] = 0

    for _ in range(3):
        threading.Thread(target=rewrite, daemon=True).start()
    return out


center_backward = center_forward
