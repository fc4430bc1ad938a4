"""What is never part of a student's work: caches, version control, environments, data sets, compiled files. Names only, no disk."""

from __future__ import annotations

from .caps import Caps

__all__ = [
    "ARCHIVES",
    "DATA_SUFFIXES",
    "PACKAGES",
    "VENV_MARK",
    "environment_part",
    "file_kind",
    "folder_kind",
]

#: Archives that are refused with a message; only zips are opened.
ARCHIVES = (
    ".tar",
    ".tgz",
    ".tar.gz",
    ".tar.bz2",
    ".tbz2",
    ".tar.xz",
    ".txz",
    ".gz",
    ".bz2",
    ".xz",
    ".rar",
    ".7z",
)

#: Formats of arrays and weights: small fixtures come along, data sets do not.
DATA_SUFFIXES = frozenset(
    {
        ".npy",
        ".npz",
        ".pkl",
        ".pickle",
        ".h5",
        ".hdf5",
        ".mat",
        ".bin",
        ".dat",
        ".pt",
        ".pth",
        ".ckpt",
        ".parquet",
        ".idx",
    }
)

VENV_MARK = "pyvenv.cfg"
PACKAGES = "installed packages"  # the kind of what an environment holds

_CACHES = frozenset({"__macosx", "__pycache__", "$recycle.bin", "thumbs.db", "desktop.ini"})
_DATA_FOLDERS = frozenset({"datasets", "cifar-10-batches-py", "mnist_data"})
_ENVIRONMENTS = frozenset({"venv", "virtualenv", "node_modules", "site-packages", "anaconda3", "miniconda3"})
_ENVIRONMENT_PARTS = frozenset({VENV_MARK, "bin", "etc", "include", "lib", "lib64", "scripts", "share"})
_COMPILED = frozenset({".pyc", ".pyo", ".so", ".pyd", ".dll", ".dylib", ".o", ".obj", ".exe", ".class"})
_DOCUMENTS = frozenset(
    {".pdf", ".doc", ".docx", ".ppt", ".pptx", ".mp4", ".mov", ".avi", ".mkv", ".mp3", ".wav", ".iso", ".dmg"}
)


def folder_kind(name: str) -> str | None:
    """What a folder with this name holds if it is left out, else None."""
    lowered = name.lower()
    if lowered in _CACHES or name.startswith("."):
        return "cache, system or hidden files"
    if lowered in _DATA_FOLDERS:
        return "data sets"
    if lowered in _ENVIRONMENTS:
        return PACKAGES
    return None


def environment_part(name: str) -> bool:
    """Whether a name in a folder with a VENV_MARK is the environment's. The work itself may lie beside: `python -m venv .`."""
    return name.lower() in _ENVIRONMENT_PARTS


def file_kind(name: str, size_bytes: int, caps: Caps) -> str | None:
    """What a file is if it is left out for its name or for its size as data, else None."""
    lowered = name.lower()
    suffix = lowered[lowered.rfind(".") :] if "." in lowered else ""
    if lowered in _CACHES or name.startswith("."):
        return "cache, system or hidden files"
    if suffix in _COMPILED:
        return "compiled files"
    if suffix in _DOCUMENTS:
        return "documents and films"
    if suffix in DATA_SUFFIXES and size_bytes > caps.data_bytes:
        return "data sets"
    return None
