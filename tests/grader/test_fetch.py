"""Data sets are downloaded from a server on this machine; whatever is not the official file leaves nothing behind."""

import hashlib
import io
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

from grader import fetch
from grader.cli import cli
from grader.data import DATA_SETS
from grader.errors import FetchError, UsageError
from grader.fetch import SOURCES, OfficialFile, Source, fetch_data

FOLDER = DATA_SETS["cifar10"].folder
BATCHES = DATA_SETS["cifar10"].files
HARD_LINK, SYMBOLIC_LINK, DEVICE, FOLDER_TYPE = "1", "2", "3", "5"  # entry types of a tar


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        """Nothing on the tests' stderr."""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder that is served, and its address."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    root = tmp_path / "site"
    root.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(root)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield root, f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def official(name, data):
    return OfficialFile(name=name, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def tar_of(members):
    """A gzipped tar. members: (name, content), where a text is the type of an entry without content: a link, a device, a folder."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
            else:
                entry.type, entry.linkname = content.encode(), "/etc/passwd"
                tar.addfile(entry)
    return buffer.getvalue()


WHOLE = [(f"{FOLDER}/{name}", name.encode()) for name in BATCHES]


def publish(monkeypatch, site, members):
    """Serve an archive, and let it be the official one."""
    root, address = site
    data = tar_of(members)
    (root / "cifar.tar.gz").write_bytes(data)
    source = Source(address=address, files=(official("cifar.tar.gz", data),), archive=True)
    monkeypatch.setitem(SOURCES, "cifar10", source)


def test_fetch_archive_gives_the_folder_that_graders_look_for(monkeypatch, site, tmp_path):
    publish(monkeypatch, site, [(FOLDER, FOLDER_TYPE), *WHOLE, (f"{FOLDER}/readme.html", b"what this is")])
    seen = []
    made = fetch_data("cifar10", tmp_path / "data", report=lambda *line: seen.append(line))
    assert made == tmp_path / "data" / FOLDER
    assert {path.name: path.read_bytes() for path in made.iterdir()} == {
        name: name.encode() for name in BATCHES
    }
    assert [path.name for path in (tmp_path / "data").iterdir()] == [FOLDER], (
        "no archive, no unfinished folder"
    )
    name, done, total = seen[-1]
    assert (name, done) == ("cifar.tar.gz", total)


def test_fetch_files_through_the_command_from_a_mirror_named_in_the_environment(monkeypatch, site, tmp_path):
    root, address = site
    names = DATA_SETS["mnist"].files
    for name in names:
        (root / name).write_bytes(name.encode())
    files = tuple(official(name, name.encode()) for name in names)
    monkeypatch.setitem(SOURCES, "mnist", Source(address="http://127.0.0.1:9/", files=files))
    monkeypatch.setenv("GRADECHECK_MNIST_ADDRESS", address.rstrip("/"))
    command = ["data", "fetch", "mnist", "--out", str(tmp_path / "data")]
    first = CliRunner().invoke(cli, command, catch_exceptions=False)
    assert f"mnist: {tmp_path / 'data' / 'mnist'}" in first.output
    assert sorted(path.name for path in (tmp_path / "data" / "mnist").iterdir()) == sorted(names)
    for name in names:
        (root / name).unlink()
    assert "left as it is" in CliRunner().invoke(cli, command, catch_exceptions=False).output


@pytest.mark.parametrize(
    ("served", "reason"),
    [
        pytest.param(b"abcX", r"SHA-256 is [0-9a-f]{64}, expected", id="other-content"),
        pytest.param(b"abc", r"3 bytes came, the official file has 4", id="cut-short"),
        pytest.param(b"abcd" * 10, r"more than 4 bytes came", id="too-long"),
        pytest.param(None, r"images.gz: could not be downloaded \(.*[Nn]ot [Ff]ound\)", id="absent"),
    ],
)
def test_fetch_refuses_what_is_not_the_official_file_and_keeps_nothing(
    monkeypatch, site, tmp_path, served, reason
):
    root, address = site
    if served is not None:
        (root / "images.gz").write_bytes(served)
    monkeypatch.setitem(SOURCES, "mnist", Source(address=address, files=(official("images.gz", b"abcd"),)))
    with pytest.raises(FetchError, match=reason):
        fetch_data("mnist", tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        pytest.param([*WHOLE, ("../outside", b"x")], r"holds '\.\./outside'", id="climbs-out"),
        pytest.param([*WHOLE, ("/tmp/outside", b"x")], r"holds '/tmp/outside'", id="absolute"),
        pytest.param(
            [*WHOLE, (f"{FOLDER}/../../outside", b"x")], "regular files in", id="climbs-from-inside"
        ),
        pytest.param([(f"{FOLDER}/test_batch", SYMBOLIC_LINK)], "holds .*test_batch", id="symbolic-link"),
        pytest.param([(f"{FOLDER}/test_batch", HARD_LINK)], "holds .*test_batch", id="hard-link"),
        pytest.param([(f"{FOLDER}/test_batch", DEVICE)], "holds .*test_batch", id="device"),
        pytest.param([("elsewhere/test_batch", b"x")], "holds 'elsewhere/test_batch'", id="other-folder"),
        pytest.param(WHOLE[1:], "lacks batches.meta", id="incomplete"),
        pytest.param([(f"{FOLDER}/test_batch", b"x" * 33)], "has 33 bytes, expected at most 32", id="huge"),
        pytest.param([(f"{FOLDER}/{n}", b"") for n in range(65)], "holds .*64", id="many-members"),
    ],
)
def test_fetch_archive_with_other_members_is_refused(monkeypatch, site, tmp_path, members, reason):
    monkeypatch.setattr(fetch, "MEMBER_BYTES", 32)
    publish(monkeypatch, site, members)
    with pytest.raises(FetchError, match=reason):
        fetch_data("cifar10", tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == []
    assert not list(tmp_path.rglob("outside"))


@pytest.mark.parametrize("address", ["file:///etc/", "ftp://127.0.0.1/", "data", "http://"])
def test_fetch_takes_web_addresses_alone(tmp_path, address):
    with pytest.raises(UsageError, match="not a web address"):
        fetch_data("mnist", tmp_path / "data", address=address)


def test_fetch_leaves_a_folder_in_the_way_alone(tmp_path):
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist" / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="is no MNIST; delete it"):
        fetch_data("mnist", tmp_path)
    assert (tmp_path / "mnist" / "notes.txt").read_text() == "mine"


def test_fetch_unknown_set_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no data set 'imagenet'; expected one of cifar10, mnist"):
        fetch_data("imagenet", tmp_path)


def test_sources_give_every_file_that_graders_look_for():
    assert {file.name for file in SOURCES["mnist"].files} == set(DATA_SETS["mnist"].files)
    assert all(len(bytes.fromhex(file.sha256)) == 32 for source in SOURCES.values() for file in source.files)
