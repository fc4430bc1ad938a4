"""The IPython shell of a notebook's kernel: what course notebooks do on Colab or at a terminal must not break a headless run.

Runs beside student code, inside the room. Knows no check, no expected value and no mark.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError
from ipykernel.compiler import XCachingCompiler
from ipykernel.zmqshell import ZMQInteractiveShell

__all__ = ["CellCompiler", "ColabFinder", "CourseShell", "pass_breakpoint", "run_command", "student_frames"]

COMMAND_S = 10.0  # wall clock of one `!command`
COMMAND_OUTPUT_BYTES = 64 * 1024  # what is shown of one command's output
MAX_FRAMES = 12  # of the student's own, the innermost kept
MAX_TEXT = 4000  # characters of an exception's message

#: Commands that only fetch or install. Nothing is fetched or installed here, and some of them retry for minutes.
FETCHING = re.compile(
    r"\b(pip3?|conda|mamba|apt|apt-get|wget|curl|git\s+clone|gdown|kaggle|get_datasets\.sh|get_dataset\w*\.sh)\b"
)
QUIET_TOOLS = {
    "PIP_NO_INDEX": "1",
    "PIP_RETRIES": "0",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "GIT_TERMINAL_PROMPT": "0",
}


class CellCompiler(XCachingCompiler):  # type: ignore[misc]  # untyped base
    """Names each cell's code "notebook cell n", n being the number that Jupyter shows as [n]."""

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:  # noqa: ARG002  # the base's signature
        """Return the file name under which tracebacks and warnings show the cell."""
        return f"notebook cell {number}"


class CourseShell(ZMQInteractiveShell):  # type: ignore[misc]  # untyped base
    """IPython with bounded shell commands, one plotting backend, plain tracebacks, and no way to end the kernel by `exit()`."""

    #: Set by the kernel's entry: serves probes of the namespace over the inherited socket.
    serve_probes: Callable[[], None]

    def init_magics(self) -> None:
        """Add the magics that Colab has and a plain kernel lacks, as no-ops."""
        super().init_magics()
        for name in ("tensorflow_version", "pip", "conda", "mamba", "uv"):
            self.register_magic_function(_ignored_magic(name), "line", name)

    def ask_exit(self) -> None:
        """End the cell, not the kernel: later cells still run, as they do when a person goes on in Jupyter."""
        raise SystemExit("exit() ends this cell only")

    def enable_matplotlib(self, gui: str | None = None) -> tuple[str, str]:  # noqa: ARG002  # the base's signature
        """Take the inline backend whatever was asked for: there is no window to show."""
        from matplotlib_inline import backend_inline, config  # noqa: PLC0415  # the warm parent has it already

        if config.InlineBackend.instance(parent=self).shell is not self:
            import matplotlib.pyplot as plt  # noqa: PLC0415  # as above

            plt.switch_backend("module://matplotlib_inline.backend_inline")
            backend_inline.configure_inline_support(self, "inline")
        return "inline", "inline"

    def system(self, cmd: str) -> None:
        """Run `!cmd` without network, standard input or patience, and print what it printed."""
        status, output = run_command(self.var_expand(cmd, depth=1))
        sys.stdout.write(output)
        self.user_ns["_exit_code"] = status

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """Run `x = !cmd` the same way, and return its lines."""
        from IPython.utils.text import LSString, SList  # noqa: PLC0415  # the warm parent has it already

        _, output = run_command(self.var_expand(cmd, depth=depth + 1))
        return SList(output.splitlines()) if split else LSString(output)

    def showtraceback(
        self,
        exc_tuple: Any = None,
        filename: str | None = None,
        tb_offset: int | None = None,  # noqa: ARG002  # the base's signature
        exception_only: bool = False,  # noqa: ARG002  # the base's signature
        running_compiled_code: bool = False,  # noqa: ARG002  # the base's signature
    ) -> None:
        """Send the exception with the student's own frames, as data. IPython's coloured traceback costs 0.1 s and more."""
        try:
            kind, value, trace = self._get_exc_info(exc_tuple)
        except ValueError:  # nothing was raised
            return
        if filename and isinstance(value, SyntaxError):
            value.filename = filename
        self._send_error(kind.__name__, _message(value), student_frames(value, trace))

    def showsyntaxerror(self, filename: str | None = None, running_compiled_code: bool = False) -> None:
        """Send a syntax error the same way."""
        self.showtraceback(filename=filename, running_compiled_code=running_compiled_code)

    def show_usage_error(self, exc: BaseException) -> None:
        """Send a magic's complaint the same way."""
        self._send_error(UsageError.__name__, _message(exc), [])

    def _send_error(self, kind: str, message: str, frames: list[dict[str, Any]]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        hook = self.displayhook
        if getattr(hook, "msg", None) is not None:  # raised while a value was being shown: the cell has failed
            self._last_traceback_during_displayhook = True
        content = {"ename": kind, "evalue": message, "traceback": [f"{kind}: {message}"], "frames": frames}
        topic = hook.topic.replace(b"execute_result", b"error") if hook.topic else None
        hook.session.send(hook.pub_socket, "error", content, hook.parent_header, ident=topic)
        self._last_traceback = content["traceback"]


def _ignored_magic(name: str) -> Callable[[str], None]:
    def magic(line: str = "") -> None:
        sys.stdout.write(f"%{name} {line}".rstrip() + ": not run here; nothing is installed or fetched while grading\n")

    return magic


def pass_breakpoint(*args: object, **kwargs: object) -> None:  # noqa: ARG001  # whatever a debugger takes
    """Stand in for `pdb.set_trace` and `breakpoint`."""
    sys.stdout.write("breakpoint passed: there is no debugger while grading\n")


def _message(value: BaseException) -> str:
    try:
        text = str(value)
    except Exception as exc:  # noqa: BLE001  # a student's __str__ may do anything
        text = f"(its message could not be made: {type(exc).__name__})"
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 3] + "..."


def student_frames(value: BaseException, trace: types.TracebackType | None) -> list[dict[str, Any]]:
    """Return the frames in the student's own files and cells, outermost first, the innermost MAX_FRAMES of them.

    Files are given relative to the working folder's root; frames of libraries are left out. A syntax error's own place comes last.
    """
    frames = [frame for frame in _walk(trace) if frame["file"]]
    if isinstance(value, SyntaxError) and value.filename and _own(value.filename):
        text = (value.text or "").strip()
        frames.append({"file": _own(value.filename), "line": value.lineno or 0, "function": "<module>", "code": text[:200]})
    return frames[-MAX_FRAMES:]


def _walk(trace: types.TracebackType | None) -> Iterator[dict[str, Any]]:
    import linecache  # noqa: PLC0415  # only where something was raised

    while trace is not None:
        code = trace.tb_frame.f_code
        file = _own(code.co_filename)
        line = linecache.getline(code.co_filename, trace.tb_lineno).strip()[:200] if file else ""
        yield {"file": file, "line": trace.tb_lineno, "function": code.co_name, "code": line}
        trace = trace.tb_next


def _own(filename: str) -> str:
    """The name that a student knows the file by, or "" for a file that is not theirs."""
    if filename.startswith("notebook cell "):
        return filename
    root = os.environ.get("GRADER_WORK", "/work")
    path = os.path.normpath(Path(root, filename))
    return os.path.relpath(path, root) if path.startswith(root + os.sep) else ""


def run_command(command: str) -> tuple[int, str]:
    """Run a shell command with COMMAND_S of time and no input; return its exit status and bounded output.

    A command that would fetch or install is answered without being run: it could only wait for a network that is not there.
    """
    if FETCHING.search(command):
        return 1, f"$ {command}\nnot run here: nothing is installed or fetched while grading\n"
    try:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **QUIET_TOOLS},
        )
    except OSError as exc:
        return 127, f"$ {command}\ncould not be started: {exc.strerror}\n"
    try:
        return _collect(process)
    finally:  # also after an interrupt: what it started goes with it
        _kill_group(process.pid)
        process.wait()


def _collect(process: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Read the command's output until it ends, says too much, or runs out of time."""
    assert process.stdout is not None  # noqa: S101  # opened as a pipe above; tells mypy
    stream, output = process.stdout.fileno(), bytearray()
    deadline = time.monotonic() + COMMAND_S
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([stream], [], [], left)[0]:
            continue
        chunk = os.read(stream, 65536)
        output += chunk
        if not chunk:
            return process.wait(), output.decode("utf-8", "replace")
        if len(output) > COMMAND_OUTPUT_BYTES:
            shown = output[:COMMAND_OUTPUT_BYTES].decode("utf-8", "replace")
            return 1, f"{shown}\n(stopped: it printed more than {COMMAND_OUTPUT_BYTES} bytes)\n"
    return 124, output.decode("utf-8", "replace") + f"(stopped after {COMMAND_S:g} s)\n"


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


class ColabFinder:
    """Answers `import google.colab` with a module whose functions do nothing. It comes last, after every real finder."""

    NAMES = ("google", "google.colab", "google.colab.drive", "google.colab.files", "google.colab.output")

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:  # noqa: ARG003
        """Find one of NAMES; anything else is not ours."""
        return ModuleSpec(name, cls, is_package=name in cls.NAMES[:2]) if name in cls.NAMES else None  # type: ignore[arg-type]

    @staticmethod
    def create_module(spec: ModuleSpec) -> None:  # noqa: ARG004  # the protocol's signature
        """Let the import system make the module."""

    @staticmethod
    def exec_module(module: types.ModuleType) -> None:
        """Fill in what course notebooks call."""
        if module.__name__ == "google.colab":
            import google.colab.drive  # type: ignore[import-not-found]  # noqa: PLC0415
            import google.colab.files  # type: ignore[import-not-found]  # noqa: PLC0415
            import google.colab.output  # type: ignore[import-not-found]  # noqa: F401, PLC0415
        for function in ("mount", "flush_and_unmount", "download", "clear"):
            setattr(module, function, _does_nothing)
        module.upload = dict  # type: ignore[attr-defined]  # files.upload() gives {name: bytes}


def _does_nothing(*args: object, **kwargs: object) -> None:  # noqa: ARG001  # whatever is given
    """Stand in for a Colab function that has no meaning here."""
