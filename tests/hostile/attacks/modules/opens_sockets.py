"""Tries the network, name servers, and the sockets of this machine."""

import os
import socket

PORT, SOCKET = "@PORT@", "@SOCKET@"


def attempts():
    yield socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", PORT)
    yield socket.AF_INET, socket.SOCK_STREAM, ("192.0.2.1", 80)
    yield socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.53", 53)
    yield socket.AF_INET6, socket.SOCK_STREAM, ("::1", PORT)
    yield socket.AF_UNIX, socket.SOCK_STREAM, SOCKET
    yield socket.AF_UNIX, socket.SOCK_STREAM, "\0" + SOCKET
    yield socket.AF_UNIX, socket.SOCK_STREAM, "/run/docker.sock"
    yield socket.AF_UNIX, socket.SOCK_STREAM, "/var/run/dbus/system_bus_socket"
    yield 40, socket.SOCK_STREAM, (2, 22)


def center_forward(x):
    reached = []
    for family, kind, address in attempts():
        try:
            with socket.socket(family, kind) as link:
                link.settimeout(0.2)
                link.connect(address)
                link.send(b"let me in")
                link.recv(1)
            reached.append(str(address))
        except OSError:
            pass
    try:
        reached.append(socket.gethostbyname("example.org"))
    except OSError:
        pass
    reached += [name for name in os.listdir("/sys/class/net")] if os.path.isdir("/sys/class/net") else []
    raise LookupError(f"spied: {reached}")


center_backward = center_forward
