"""Control groups: where they may be made, for the layouts that machines have; and that they are made and removed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.sandbox.cgroups import Group, Groups, find_groups

FULL = {
    "memory.oom_control": "oom_kill 3\n",
    "memory.failcnt": "0\n",
    "memory.limit_in_bytes": "1073741824\n",
}
LINE = "30 25 0:26 {root} {point} rw,nosuid - {kind} cgroup rw,{options}\n"


def v1(tmp_path: Path, *controllers: str, own: str = "") -> str:
    for controller in controllers:
        (tmp_path / controller / own).mkdir(parents=True)
    return "".join(
        LINE.format(root="/", point=tmp_path / name, kind="cgroup", options=name) for name in controllers
    )


def v2(tmp_path: Path, own: str, subtree: dict[str, str]) -> str:
    (tmp_path / own).mkdir(parents=True)
    for folder, controllers in subtree.items():
        (tmp_path / folder / "cgroup.subtree_control").write_text(controllers)
        (tmp_path / folder / "cgroup.procs").write_text("")
    return LINE.format(root="/", point=tmp_path, kind="cgroup2", options="nsdelegate")


def test_version_1_groups_go_below_the_process_s_own(tmp_path):
    mounts = v1(tmp_path, "memory", "pids", "cpuacct", "cpu", own="service")
    groups = find_groups(
        mountinfo=mounts, membership="4:memory:/service\n8:pids:/service\n2:cpuacct:/\n1:cpu:/\n0::/\n"
    )
    assert groups.version == 1
    assert groups.parents == {
        "memory": tmp_path / "memory/service",
        "pids": tmp_path / "pids/service",
        "cpuacct": tmp_path / "cpuacct",
        "cpu": tmp_path / "cpu",
    }


def test_version_1_path_that_a_container_does_not_see_falls_back_to_its_root(tmp_path):
    groups = find_groups(
        mountinfo=v1(tmp_path, "memory", "pids"), membership="4:memory:/docker/abc\n8:pids:/docker/abc\n"
    )
    assert groups.parents == {"memory": tmp_path / "memory", "pids": tmp_path / "pids"}


def test_version_2_takes_the_nearest_ancestor_with_controllers(tmp_path):
    mounts = v2(
        tmp_path,
        "user.slice/app.slice/term.scope",
        {"user.slice/app.slice": "cpu memory pids", "user.slice": "memory pids"},
    )
    groups = find_groups(mountinfo=mounts, membership="0::/user.slice/app.slice/term.scope\n")
    assert groups.version == 2
    assert set(groups.parents) == {"cpu", "memory", "pids"}
    assert set(groups.parents.values()) == {tmp_path / "user.slice/app.slice"}


def test_version_2_without_controllers_has_no_groups(tmp_path):
    groups = find_groups(mountinfo=v2(tmp_path, "a", {"a": "cpu"}), membership="0::/a\n")
    assert (groups.version, groups.parents) == (0, {})


def test_version_1_beside_an_empty_version_2(tmp_path):
    mounts = v1(tmp_path / "one", "memory", "pids") + v2(tmp_path / "two", "a", {"a": ""})
    assert find_groups(mountinfo=mounts, membership="0::/a\n").version == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_that_cannot_be_written_holds_no_groups(tmp_path):
    mounts = v1(tmp_path, "memory", "pids")
    (tmp_path / "memory").chmod(0o500)
    assert "memory" not in find_groups(mountinfo=mounts, membership="").parents


def test_no_mount_no_groups():
    assert find_groups(mountinfo="", membership="").version == 0


def test_group_writes_its_limits_and_reads_its_use(tmp_path, monkeypatch):
    """A plain folder stands in for the kernel's: what is written and read is version 2's interface."""
    parents = dict.fromkeys(("memory", "pids", "cpu"), tmp_path)
    group = Groups(version=2, parents=parents).create(memory_bytes=1000, processes=7)
    (folder,) = set(group.folders.values())
    assert folder.name.startswith(f"gradecheck-{os.getpid()}-")
    assert ((folder / "memory.max").read_text(), (folder / "pids.max").read_text()) == ("1000", "7")
    (folder / "memory.peak").write_text("900\n")
    (folder / "memory.events").write_text("max 4\noom 3\noom_kill 2\n")
    (folder / "cpu.stat").write_text("usage_usec 1500000\nuser_usec 1\n")
    assert (group.peak_memory_bytes(), group.memory_kills(), group.cpu_s()) == (900, 2, 1.5)


@pytest.mark.parametrize(
    ("files", "own", "machine_s"),
    [
        pytest.param({"memory.events": "max 9\noom 1\noom_kill 2\n"}, 2, 0, id="v2-own-limit"),
        pytest.param({"memory.events": "max 9\noom 0\noom_kill 2\n"}, 0, 2, id="v2-machine"),
        pytest.param(
            {"memory.oom_control": "oom_kill 3\n", "memory.failcnt": "7\n"}, 3, 0, id="v1-own-limit"
        ),
        pytest.param({"memory.oom_control": "oom_kill 3\n", "memory.memsw.failcnt": "1"}, 3, 0, id="v1-swap"),
        pytest.param({"memory.oom_control": "oom_kill 3\n", "memory.failcnt": "0\n"}, 0, 3, id="v1-machine"),
        pytest.param(
            {**FULL, "memory.max_usage_in_bytes": "1073741824\n"}, 3, 0, id="v1-full-and-not-counted"
        ),
        pytest.param({**FULL, "memory.max_usage_in_bytes": "900000000\n"}, 0, 3, id="v1-not-full"),
        pytest.param({}, 0, 0, id="not-counted"),
    ],
)
def test_memory_kills_of_the_machine_are_told_from_the_group_s_own(tmp_path, files, own, machine_s):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    group = Group(folders={"memory": tmp_path})
    assert (group.memory_kills(), group.machine_kills()) == (own, machine_s)


def test_cpu_of_version_1_is_not_read_from_the_controller_that_only_shares_it(tmp_path):
    (tmp_path / "cpu.stat").write_text("nr_periods 0\n")
    assert Group(folders={"cpu": tmp_path}).cpu_s() is None


def test_groups_of_dead_graders_are_removed(tmp_path):
    (tmp_path / f"gradecheck-{2**22 + 1}-dead").mkdir()
    (tmp_path / f"gradecheck-{os.getpid()}-mine").mkdir()
    (tmp_path / "other").mkdir()
    assert Groups(version=2, parents={"pids": tmp_path}).clean() == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"gradecheck-{os.getpid()}-mine", "other"]
