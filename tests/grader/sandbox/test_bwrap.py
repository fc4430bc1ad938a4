"""The command line of a room: what is shown, what is hidden, what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from grader.errors import SandboxError
from grader.sandbox import bwrap
from grader.sandbox.bwrap import Python, RoomPlan, command, locate_python, readable_by_all


@pytest.fixture
def site(tmp_path):
    """A folder of packages in which the harness is installed, too."""
    folder = tmp_path / "lib" / "site-packages"
    for name in ("numpy", "grader", "reference", "gradecheck-0.1.0.dist-info", "other-1.0.dist-info"):
        (folder / name).mkdir(parents=True)
    for name in (
        "distutils.pth",
        "numpy/__init__.py",
        "other-1.0.dist-info/direct_url.json",
        "gradecheck-0.1.0.dist-info/direct_url.json",
    ):
        (folder / name).write_text("")
    return folder


@pytest.fixture
def plan(site, tmp_path):
    executable = Path(sys.executable).resolve()
    python = Python(executable=executable, base=Path("/usr"), sites=(site,), alias=Path("/tmp/gradecheck-1"))
    return RoomPlan(python=python, mounts={"/work/data/set": tmp_path}, work_bytes=123, hidden=())


def triples(args: list[str], option: str) -> list[tuple[str, str]]:
    return [(args[n + 1], args[n + 2]) for n, arg in enumerate(args) if arg == option]


def test_everything_of_the_host_is_bound_read_only(plan):
    args = command(plan, info=9, user_map=None)
    assert not {"--bind", "--dev-bind", "--bind-try", "--share-net"} & set(args)
    assert {"--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"} <= set(args)
    assert {"--die-with-parent", "--new-session", "--clearenv", "--disable-userns"} <= set(args)


def test_no_home_and_no_configuration_is_bound(plan):
    shown = [outer for outer, _ in triples(command(plan, info=9, user_map=None), "--ro-bind")]
    assert not [outer for outer in shown if outer.startswith(("/home", "/var", "/opt", "/srv", "/run"))]
    assert {outer for outer in shown if outer.startswith("/etc")} <= {
        "/etc/ld.so.cache",
        "/etc/localtime",
        "/etc/fonts",
    }


def test_installed_harness_and_path_files_are_masked(plan, site):
    args = command(plan, info=9, user_map=None)
    inner = "/tmp/gradecheck-1/site0"
    empty = {args[n + 1] for n, arg in enumerate(args) if arg == "--tmpfs"}
    assert {f"{inner}/grader", f"{inner}/reference", f"{inner}/gradecheck-0.1.0.dist-info"} <= empty
    masked = {inner for outer, inner in triples(args, "--ro-bind") if outer == "/dev/null"}
    assert {f"{inner}/distutils.pth", f"{inner}/other-1.0.dist-info/direct_url.json"} <= masked
    assert f"{inner}/numpy" not in empty | masked


def test_hidden_folder_is_masked_where_it_would_show(plan, site):
    secret = site / "course"
    secret.mkdir()
    hiding = RoomPlan(python=plan.python, mounts={}, work_bytes=1, hidden=(secret, Path("/nowhere")))
    args = command(hiding, info=9, user_map=None)
    assert "/tmp/gradecheck-1/site0/course" in {args[n + 1] for n, arg in enumerate(args) if arg == "--tmpfs"}
    assert "/nowhere" not in " ".join(args)


def test_masks_come_after_what_they_mask_and_mounts_last(plan):
    args = command(plan, info=9, user_map=None)
    order = [
        args.index(name)
        for name in ("/work", "/tmp/gradecheck-1/site0", "/tmp/gradecheck-1/site0/grader", "/work/data/set")
    ]
    assert order == sorted(order)
    assert args[-9:-7] == ["--remount-ro", "/"] or "--remount-ro" in args[-10:]


def test_user_map_of_the_driver_replaces_bubblewrap_s(plan):
    args = command(plan, info=9, user_map=11)
    assert args[args.index("--userns-block-fd") + 1] == "11"
    assert "--uid" not in args


def test_closed_data_set_is_noticed(plan, tmp_path):
    tmp_path.chmod(0o755)
    for folder in (tmp_path / "lib", tmp_path / "lib" / "site-packages"):
        folder.chmod(0o755)
    (tmp_path / "lib/site-packages/numpy/__init__.py").chmod(0o644)
    assert readable_by_all(plan)
    (tmp_path / "batch").write_text("")
    (tmp_path / "batch").chmod(0o600)
    assert not readable_by_all(plan)


def test_interpreter_of_this_process_is_found(tmp_path):
    python = locate_python(tmp_path)
    assert python.executable.is_file()
    assert any((site / "numpy").is_dir() for site in python.sites)


def test_interpreter_in_the_room_s_own_folder_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "base_prefix", "/work/python")
    with pytest.raises(SandboxError, match="Python stands in /work/python, but /work is the room's own"):
        locate_python(tmp_path)


def test_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(bwrap, "NEEDED", ("no_such_package",))
    with pytest.raises(SandboxError, match="package no_such_package is not installed"):
        locate_python(tmp_path)
