"""What the doctor says of the sandbox: what was seen, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.sandbox import health
from grader.sandbox.health import examine_sandbox


@pytest.mark.sandbox
def test_this_machine_is_examined(running):
    found = {one.name: one for one in examine_sandbox()}
    assert found["bubblewrap"].ok
    assert found["namespaces"].ok
    assert found["limit: network"].seen == "network namespace"
    assert all(one.fix for one in found.values() if not one.ok)


def test_missing_bubblewrap_is_the_only_finding(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    (only,) = examine_sandbox()
    assert (only.name, only.ok) == ("bubblewrap", False)
    assert "apt install bubblewrap" in only.fix


def test_bubblewrap_that_is_refused_is_quoted_with_a_fix(tmp_path, monkeypatch):
    program = tmp_path / "bwrap"
    says = "[ $1 = --version ] && echo bubblewrap 9.9 && exit\necho bwrap: setting up uid map: Permission denied >&2\nexit 1\n"
    program.write_text("#!/bin/sh\n" + says)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    version, namespaces = examine_sandbox()
    assert version.seen.startswith("bubblewrap 9.9")
    assert not namespaces.ok
    assert "setting up uid map: Permission denied" in namespaces.seen
    assert namespaces.fix


@pytest.mark.parametrize(
    ("switches", "fix"),
    [
        pytest.param({"apparmor_restrict_unprivileged_userns": "1\n"}, "AppArmor", id="ubuntu-24.04"),
        pytest.param(
            {"unprivileged_userns_clone": "0\n"}, "kernel.unprivileged_userns_clone=1", id="debian-hardened"
        ),
        pytest.param({"max_user_namespaces": "0\n"}, "user.max_user_namespaces", id="none-allowed"),
        pytest.param({}, "container", id="container"),
        pytest.param(
            {"apparmor_restrict_unprivileged_userns": "0\n", "max_user_namespaces": "9\n"},
            "container",
            id="all-open",
        ),
    ],
)
def test_obstacle_is_told_by_the_kernel_s_switches(switches, fix):
    def read(path: Path) -> str:
        if path.name not in switches:
            raise FileNotFoundError
        return switches[path.name]

    assert fix in health._obstacle(read)


def test_limit_that_is_not_held_has_a_fix():
    assert "control group" in health._limit("memory", "not held").fix
    assert health._limit("memory", "cgroup v2").fix == ""


def test_limit_that_is_only_watched_is_held_and_says_what_is_better():
    found = health._limit("memory", "watchdog")
    assert found.ok
    assert "summed from outside" in found.seen
    assert "Delegate=yes" in found.seen


@pytest.mark.parametrize(
    ("pattern", "hard_limit", "ok", "said"),
    [
        pytest.param("core", 0, True, "names a file", id="file"),
        pytest.param("/var/crash/core.%p", -1, True, "names a file", id="path"),
        pytest.param("|/usr/share/apport/apport %p", -1, True, "ask to be left out", id="program"),
        pytest.param("|/usr/lib/systemd/systemd-coredump %P", 0, False, "ulimit -H -c", id="program-limit-0"),
        pytest.param("@/run/coredump.socket", -1, False, "sysctl kernel.core_pattern=core", id="socket"),
    ],
)
def test_program_that_is_run_for_crashes_is_told(pattern, hard_limit, ok, said):
    found = health._crashes(pattern, hard_limit)
    assert found.ok is ok
    assert said in found.seen + found.fix
    assert bool(found.fix) is not ok


def test_program_for_crashes_is_told_where_no_filter_keeps_the_limit(monkeypatch):
    monkeypatch.setattr(health, "supported", lambda: False)
    assert not health._crashes("|/usr/bin/keep", -1).ok
