"""Is this machine fit to run other people's code? For `grader doctor`: what was seen, and how to mend what is amiss."""

from __future__ import annotations

import asyncio
import resource
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import SandboxError
from .held import NOT_HELD, WATCHED
from .sandbox import Sandbox
from .seccomp import supported

__all__ = ["Health", "examine_sandbox"]

COMMAND_S = 20.0
APPARMOR = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
DEBIAN_SWITCH = Path("/proc/sys/kernel/unprivileged_userns_clone")
CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")
MAXIMUM = Path("/proc/sys/user/max_user_namespaces")

INSTALL = "install bubblewrap: `apt install bubblewrap` (Debian, Ubuntu), `dnf install bubblewrap` (Fedora)"
CONTAINER = (
    "namespaces are refused here, as in a default container: start it with `--security-opt seccomp=unconfined "
    "--security-opt apparmor=unconfined` and, for rooms as root, `--cap-add SYS_ADMIN`; or grade outside of a container"
)
GROUPS = (
    "no control group can be written: run as root, or give this user a delegated group: "
    "`systemd-run --user --scope -p Delegate=yes grader run ...`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One thing that was looked at. seen: what is there. fix: what to do where it is not ok."""

    name: str
    ok: bool
    seen: str
    fix: str = ""


def examine_sandbox() -> tuple[Health, ...]:
    """Look at bubblewrap, make a room, and try the limits in it. Must not be called from a running event loop."""
    program = shutil.which("bwrap")
    if program is None:
        return (Health(name="bubblewrap", ok=False, seen="not installed", fix=INSTALL),)
    version = _run([program, "--version"]).strip() or "it does not say its version"
    found = [Health(name="bubblewrap", ok=True, seen=f"{version} at {program}"), _namespaces(program)]
    if found[-1].ok:
        found += [*asyncio.run(_limits()), _crashes(_pattern(), resource.getrlimit(resource.RLIMIT_CORE)[1])]
    return tuple(found)


def _namespaces(program: str) -> Health:
    """Whether bubblewrap may make a room at all, and if not, what in the way is known."""
    said = _run(
        [program, "--unshare-all", "--unshare-user", "--ro-bind", "/", "/", "--proc", "/proc", "true"]
    )
    if not said:
        return Health(name="namespaces", ok=True, seen="a room can be made")
    return Health(
        name="namespaces", ok=False, seen=said.strip()[:300], fix=_obstacle(lambda path: path.read_text())
    )


def _obstacle(read: Callable[[Path], str]) -> str:
    """What to do about namespaces that are refused, by the switches that kernels have for it."""
    if _value(APPARMOR, read) == "1":
        return (
            "AppArmor restricts user namespaces (Ubuntu 23.10 and later): `apt install apparmor-profiles` and enable the profile "
            "bwrap-userns-restrict, or `sysctl kernel.apparmor_restrict_unprivileged_userns=0`"
        )
    if _value(DEBIAN_SWITCH, read) == "0":
        return "user namespaces are switched off: `sysctl kernel.unprivileged_userns_clone=1`"
    if _value(MAXIMUM, read) == "0":
        return "no user namespace may be made: `sysctl user.max_user_namespaces=10000`"
    return CONTAINER


def _value(path: Path, read: Callable[[Path], str]) -> str | None:
    try:
        return read(path).strip()
    except OSError:
        return None


async def _limits() -> list[Health]:
    try:
        async with Sandbox() as sandbox:
            held = sandbox.limits_held
    except SandboxError as exc:
        return [Health(name="room", ok=False, seen=str(exc), fix="see the message")]
    return [_limit(name, means) for name, means in held.items()]


def _limit(name: str, means: str) -> Health:
    if means == WATCHED:
        seen = f"{means}: summed from outside, some times a second. {GROUPS}, which holds at once"
        return Health(name=f"limit: {name}", ok=True, seen=seen)
    if means != NOT_HELD:
        return Health(name=f"limit: {name}", ok=True, seen=means)
    fixes = {"memory": GROUPS, "processes": GROUPS}
    if name == "system calls" and not supported():
        fix = "no filter is written for this processor; the other walls stand"
    else:
        fix = fixes.get(
            name, "this should hold on every Linux that GradeCheck knows; please report the machine"
        )
    return Health(name=f"limit: {name}", ok=False, seen=means, fix=fix)


def _pattern() -> str:
    return _value(CORE_PATTERN, lambda path: path.read_text(errors="replace")) or ""


def _crashes(pattern: str, hard_limit: int) -> Health:
    """What this machine does with crashes: a program that it runs for them would run for students', with their memory as its input.

    hard_limit: RLIMIT_CORE of this process, beyond which no room's process can go.
    """
    name = "crashes"
    if not pattern.startswith(("|", "@")):
        return Health(
            name=name, ok=True, seen=f"core_pattern {pattern[:100]!r} names a file, and rooms leave none"
        )
    seen = f"core_pattern {pattern[:100]!r} hands crashes to a program outside of the rooms"
    if pattern.startswith("|") and hard_limit != 0 and supported():
        return Health(name=name, ok=True, seen=f"{seen}; those of rooms ask to be left out of it")
    fix = "`sysctl kernel.core_pattern=core`, so that the crash of a student's process is nobody's work"
    if pattern.startswith("|") and hard_limit == 0:
        fix += "; or start the grader where `ulimit -H -c` is not 0, so that rooms can ask to be left out"
    return Health(name=name, ok=False, seen=seen, fix=fix)


def _run(command: list[str]) -> str:
    """What a command says; nothing where it succeeds silently."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as exc:
        return str(exc)
    return done.stdout + done.stderr or ("" if done.returncode == 0 else f"exit status {done.returncode}")
