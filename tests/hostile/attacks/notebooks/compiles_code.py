"""Compiles C in a cell, loads it, and lets it do what Python may not."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
source = b"""
#include <sys/mman.h>
#include <unistd.h>
int attack(void) { return setuid(0) == 0 || chroot("/tmp") == 0 || syscall(272, 0x10000000) == 0; }
"""
import ctypes, os, shutil, subprocess

open("/tmp/attack.c", "wb").write(source)
compiler = shutil.which("gcc") or shutil.which("cc")
if compiler:
    subprocess.run([compiler, "-w", "-shared", "-fPIC", "-o", "/tmp/attack.so", "/tmp/attack.c"])
found = []
if os.path.exists("/tmp/attack.so"):
    found = [name for name in ("attack",) if getattr(ctypes.CDLL("/tmp/attack.so"), name)()]
print("spied:", found)
