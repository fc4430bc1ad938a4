"""Download the official files of a data set, prove them by size and SHA-256, and put them where `--data` finds them.

A file that is not exactly the official one is never used. An archive's members are checked one by one: regular files under expected
names, each bounded; nothing else is written. Parses no image.
"""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .data import DATA_SETS, DataFormat
from .errors import FetchError, UsageError

__all__ = ["SOURCES", "OfficialFile", "Source", "fetch_data"]

TIMEOUT_S = 30.0  # without a byte
CHUNK_BYTES = 1 << 18
MEMBER_BYTES = 64 * 1024 * 1024  # twice the largest of CIFAR-10's batches
MEMBERS = 64  # an archive with more is not the one that was meant

#: Told of a file's name, the bytes that have come and how many it has.
Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficialFile:
    """A file as its authors publish it. sha256: hexadecimal digest."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a data set is published. address: the folder, without the files' names. archive: the file is a tar of the folder."""

    address: str
    files: tuple[OfficialFile, ...]
    archive: bool = False


SOURCES = {
    "cifar10": Source(
        address="https://www.cs.toronto.edu/~kriz/",
        files=(
            OfficialFile(  # its authors give the MD5 c58f30108f718f92721af3b95e74349a for the same bytes
                name="cifar-10-python.tar.gz",
                size_bytes=170_498_071,
                sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            ),
        ),
        archive=True,
    ),
    "mnist": Source(
        address="https://storage.googleapis.com/cvdf-datasets/mnist/",
        files=(
            OfficialFile(
                name="train-images-idx3-ubyte.gz",
                size_bytes=9_912_422,
                sha256="440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            OfficialFile(
                name="train-labels-idx1-ubyte.gz",
                size_bytes=28_881,
                sha256="3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            OfficialFile(
                name="t10k-images-idx3-ubyte.gz",
                size_bytes=1_648_877,
                sha256="8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            OfficialFile(
                name="t10k-labels-idx1-ubyte.gz",
                size_bytes=4_542,
                sha256="f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        ),
    ),
}


def fetch_data(
    name: str, folder: Path, *, address: str | None = None, report: Report | None = None
) -> Path | None:
    """Put a data set's official files into `folder/<its customary name>`: all of them or none.

    Args: name: a key of `SOURCES`. address: a mirror's folder in place of the official one; the files must be the same to the byte.
    Returns: the folder with the files, or None if they lay there already, in which case nothing is downloaded.
    Raises: UsageError for another name, an address that is not http(s), or a folder in the way that lacks files. FetchError if a
        file cannot be downloaded or is not the official one, or an archive holds what it should not. OSError if the disk refuses.
    """
    if name not in SOURCES:
        raise UsageError(f"no data set {name!r}; expected one of {', '.join(SOURCES)}")
    source, form = SOURCES[name], DATA_SETS[name]
    base = _checked(address or source.address)
    target = folder / form.folder
    if all((target / file).is_file() for file in form.files):
        return None
    if target.exists():
        raise UsageError(f"{target}: is there, but is no {form.title}; delete it, or name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{form.folder}.", dir=folder) as temporary:
        room = Path(temporary)
        made = room / form.folder
        made.mkdir()
        for file in source.files:
            _download(base + file.name, file, made / file.name, report)
        if source.archive:
            _unpack(made / source.files[0].name, made, form)
        made.rename(target)
    return target


def _checked(address: str) -> str:
    parts = urllib.parse.urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageError(
            f"{address}: not a web address; expected http:// or https:// and the folder that holds the files"
        )
    return address if address.endswith("/") else address + "/"


def _download(address: str, wanted: OfficialFile, target: Path, report: Report | None) -> None:
    """Write a file to `target`, at most as many bytes as it should have, and prove it."""
    digest, received = hashlib.sha256(), 0
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_S) as answer, target.open("wb") as out:  # noqa: S310 - http(s): see _checked
            while chunk := answer.read(CHUNK_BYTES):
                received += len(chunk)
                if received > wanted.size_bytes:
                    break
                digest.update(chunk)
                out.write(chunk)
                if report is not None:
                    report(wanted.name, received, wanted.size_bytes)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as exc:
        raise FetchError(
            f"{address}: could not be downloaded ({getattr(exc, 'reason', exc)}); see whether there is internet, "
            "or name a mirror's address"
        ) from exc
    if received != wanted.size_bytes:
        size = f"more than {wanted.size_bytes}" if received > wanted.size_bytes else str(received)
        raise FetchError(
            f"{address}: {size} bytes came, the official file has {wanted.size_bytes}; try again, or name a mirror"
        )
    if digest.hexdigest() != wanted.sha256:
        raise FetchError(
            f"{address}: its SHA-256 is {digest.hexdigest()}, expected {wanted.sha256}; "
            "this is not the official file, and it was not kept"
        )


def _unpack(archive: Path, folder: Path, form: DataFormat) -> None:
    """Take the expected files out of a tar of the data set's folder, and drop the archive."""
    with tarfile.open(archive, "r:gz") as tar:
        for number, member in enumerate(tar):
            parts = member.name.rstrip("/").split("/")
            if member.isdir() and parts == [form.folder]:
                continue
            if number >= MEMBERS or not member.isreg() or parts[:-1] != [form.folder]:
                raise FetchError(
                    f"{archive.name}: holds {member.name!r}; expected regular files in {form.folder}/ alone"
                )
            if parts[-1] not in form.files:
                continue  # a page that describes the set
            if member.size > MEMBER_BYTES:
                raise FetchError(
                    f"{archive.name}: {member.name} has {member.size} bytes, expected at most {MEMBER_BYTES}"
                )
            _copy(tar.extractfile(member), folder / parts[-1])
    absent = [file for file in form.files if not (folder / file).is_file()]
    if absent:
        raise FetchError(f"{archive.name}: lacks {', '.join(absent)}")
    archive.unlink()


def _copy(member: IO[bytes] | None, target: Path) -> None:
    if member is None:  # a link; _unpack lets none through
        raise FetchError(f"{target.name}: is no regular file of the archive")
    with member, target.open("xb") as out:
        shutil.copyfileobj(member, out)
