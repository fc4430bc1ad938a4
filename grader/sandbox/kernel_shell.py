"""The IPython shell of a notebook's kernel: what course notebooks do on Colab or at a terminal must not break a headless run.

Runs beside student code, inside the room. Knows no check, no expected value and no mark.
"""

from __future__ import annotations

import ast
import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import time
import types
from collections.abc import Callable
from typing import Any

from IPython.core.autocall import ZMQExitAutocall
from IPython.core.compilerop import CachingCompiler
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Instance, Type, default

from ..probe.stubs import fill_in
from ..probe.tracebacks import describe_error
from .kernel_display import RoomDisplayHook, RoomDisplayPublisher
from .kernel_imports import guard_imports
from .kernel_line import Outlet

__all__ = ["CellCompiler", "CourseShell", "pass_breakpoint", "run_command"]

COMMAND_S = 10.0  # wall clock of one `!command`
COMMAND_OUTPUT_BYTES = 64 * 1024  # what is shown of one command's output
MAX_ORIGIN = 300  # characters of what an exception came of

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


class CellCompiler(CachingCompiler):
    """Names each cell's code "notebook cell n", n being the number that Jupyter shows as [n].

    As if it were a file of the submission: then it is the student's own in a traceback.
    """

    work = "/work"

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:  # noqa: ARG002  # the base's signature
        """Return the file name under which tracebacks and warnings show the cell."""
        return f"{self.work}/notebook cell {number}"


#: Magics that have nothing to do here: they install, or speak with a front end.
FETCHING_MAGICS = ("tensorflow_version", "pip", "conda", "mamba", "uv")
FRONT_END_MAGICS = ("autosave", "clear", "connect_info", "ed", "edit", "less", "man", "more", "qtconsole")


class CourseShell(InteractiveShell):
    """IPython with bounded shell commands, one plotting backend, plain tracebacks, and no way to end the kernel by `exit()`."""

    displayhook_class = Type(RoomDisplayHook)
    display_pub_class = Type(RoomDisplayPublisher)
    exiter = Instance(ZMQExitAutocall)  # `exit(0)` has an argument
    autoindent = False

    #: The submission's folder. Set by the kernel's entry.
    work = "/work"
    #: Where outputs go. Set by the kernel's entry, like what serves probes of the namespace over the inherited socket.
    outlet: Outlet
    serve_probes: Callable[[], None]
    #: What notebooks call `get_ipython().kernel`, and the application that has it, too.
    kernel: Any = None
    application: Any = None
    #: Whether an error was raised while the value of the cell that runs was being shown: the cell has failed.
    failed_in_display = False
    _draws = False
    _last_traceback: list[str] | None = None

    @default("exiter")
    def _exiter_default(self) -> ZMQExitAutocall:
        return ZMQExitAutocall(self)  # type: ignore[no-untyped-call]  # IPython has no types here

    def init_environment(self) -> None:
        """Tell programs that no terminal is there, and that nobody turns pages."""
        os.environ.update(TERM="xterm-color", CLICOLOR="1", PAGER="cat", GIT_PAGER="cat")

    def init_virtualenv(self) -> None:
        """Look for no virtual environment: packages lie where the warm parent has found them."""

    def init_hooks(self) -> None:
        """Show nothing in a pager: what `numpy.dot?` asks for is no output of the cell."""
        super().init_hooks()  # type: ignore[no-untyped-call]  # IPython has no types here
        self.set_hook("show_in_pager", lambda *_, **__: None, 1)  # type: ignore[no-untyped-call]  # as above

    def init_magics(self) -> None:
        """Add the magics that Jupyter and Colab have and IPython lacks, as no-ops."""
        super().init_magics()  # type: ignore[no-untyped-call]  # IPython has no types here
        self.magics_manager.register_function(self._colab_shell, "cell", "shell")
        for names, why in (
            (FETCHING_MAGICS, "nothing is installed or fetched while grading"),
            (FRONT_END_MAGICS, "nobody is looking while grading"),
        ):
            for name in names:
                self.magics_manager.register_function(_ignored_magic(name, why), "line", name)

    def begin_cell(self) -> None:
        """Forget what the last cell has left half done."""
        self.failed_in_display, self._last_traceback = False, None
        hook: Any = self.displayhook  # ours, which has more than the declared class
        hook.reset()

    def transformed(self, cell: str) -> tuple[str, Any]:
        """Return the cell with IPython's syntax replaced; where that fails, as it is, and what `sys.exc_info` says."""
        try:
            return self.transform_cell(cell), None  # type: ignore[no-untyped-call]  # IPython has no types here
        except Exception:  # noqa: BLE001  # the cell's error, which running it will show
            return cell, sys.exc_info()

    def magic(self, arg_s: str) -> Any:
        """Run a line magic by its whole text, as notebooks of before IPython 9 do: `get_ipython().magic("matplotlib inline")`."""
        name, _, line = arg_s.lstrip().removeprefix("%").partition(" ")
        return self.run_line_magic(name, line.strip(), _stack_depth=2)

    def _colab_shell(self, line: str, cell: str) -> Any:
        """Colab's `%%shell`."""
        return self.run_cell_magic("sh", line, cell)  # type: ignore[no-untyped-call]  # IPython has no types here

    def enable_gui(self, gui: str | None = None) -> None:
        """Pass over `%gui`: there is no window."""

    def should_run_async(
        self,
        raw_cell: str,
        *,
        transformed_cell: str | None = None,
        preprocessing_exc_tuple: Any = None,
    ) -> bool:
        """Whether a cell awaits something. IPython compiles each cell to find out."""
        if transformed_cell is not None and not any(word in transformed_cell for word in ("await", "async")):
            return False
        return super().should_run_async(
            raw_cell, transformed_cell=transformed_cell, preprocessing_exc_tuple=preprocessing_exc_tuple
        )

    def transform_ast(self, node: ast.Module) -> ast.Module:
        """Guard the imports of a cell's top level, after what the notebook's own transformers do.

        As one of them, the guard would make IPython go through all nodes of every cell for missing line numbers.
        """
        return guard_imports(super().transform_ast(node))  # type: ignore[no-untyped-call]  # IPython has no types here

    async def run_code(self, code_obj: types.CodeType, result: Any = None, *, async_: bool = False) -> bool:
        """Run one statement of a cell; returns whether the cell ends there.

        One that uses an absent package has failed, and so has the cell, but the statements after it still define what they
        define: on a machine with that package they would.
        """
        failed = bool(await super().run_code(code_obj, result, async_=async_))  # type: ignore[no-untyped-call]  # IPython has no types here
        error = getattr(result, "error_in_exec", None)
        if failed and isinstance(error, BaseException):
            return not fill_in(code_obj, error, self.user_ns)
        return failed

    def ask_exit(self) -> None:
        """End the cell, not the kernel: later cells still run, as they do when a person goes on in Jupyter."""
        raise SystemExit("exit() ends this cell only")

    def enable_matplotlib(self, gui: str | None = None) -> tuple[str, str]:  # noqa: ARG002  # the base's signature
        """Take the inline backend whatever was asked for: there is no window to show."""
        if not self._draws:
            import matplotlib.pyplot as plt  # noqa: PLC0415  # the warm parent has it already

            plt.switch_backend("module://matplotlib_inline.backend_inline")
            plt.ion()  # what a cell draws is shown at its end
            self._draws = True
        return "inline", "inline"

    def system(self, cmd: str) -> None:
        """Run `!cmd` without network, standard input or patience, and print what it printed."""
        status, output = run_command(self._expanded(cmd, depth=2))
        sys.stdout.write(output)
        self.user_ns["_exit_code"] = status

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """Run `x = !cmd` the same way, and return its lines."""
        from IPython.utils.text import LSString, SList  # noqa: PLC0415  # the warm parent has it already

        _, output = run_command(self._expanded(cmd, depth=depth + 2))
        return SList(output.splitlines()) if split else LSString(output)

    def _expanded(self, cmd: str, *, depth: int) -> str:
        """Put variables of the caller's frame, `depth` levels up, into `cmd`, as IPython does."""
        return str(self.var_expand(cmd, depth=depth))  # type: ignore[no-untyped-call]  # IPython has no types here

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
            _, value, _ = self._get_exc_info(exc_tuple)  # type: ignore[no-untyped-call]  # IPython has no types here
        except ValueError:  # nothing was raised
            return
        if filename and isinstance(value, SyntaxError):
            value.filename = filename
        described = describe_error(value, self.work)
        described["message"] += _origin(value, self.work)
        self._send_error(described)

    def showsyntaxerror(self, filename: str | None = None, running_compiled_code: bool = False) -> None:
        """Send a syntax error the same way."""
        self.showtraceback(filename=filename, running_compiled_code=running_compiled_code)

    def show_usage_error(self, exc: BaseException) -> None:
        """Send a magic's complaint the same way."""
        self._send_error(describe_error(exc, self.work))

    def _format_exception_for_storage(self, exception: BaseException, *_: Any, **__: Any) -> dict[str, Any]:
        """Keep for `%notebook` what the cell shows. IPython makes its coloured traceback here, too.

        Raises: what the exception's `__str__` raises. That is then the cell's error.
        """
        str(exception)
        return _shown(describe_error(exception, self.work))

    def _send_error(self, error: dict[str, Any]) -> None:
        self.outlet.flush()
        self.failed_in_display |= self.displayhook.is_active
        content = {**_shown(error), "frames": error["frames"]}
        self.outlet.send("error", content)
        self._last_traceback = content["traceback"]


def _origin(error: BaseException, work: str) -> str:
    """Say which exception this one came of, and where that was raised; nothing if it came of none."""
    with contextlib.suppress(Exception):  # a student's class may raise anything when it is asked
        cause = error.__cause__
        if cause is None and not error.__suppress_context__:
            cause = error.__context__
        if cause is not None:
            described = describe_error(cause, work)
            places = [f", {frame['file']}, line {frame['line']}" for frame in described["frames"][-1:]]
            text = described["message"][:MAX_ORIGIN]
            return f"\n(it came of {described['kind']}{text and ': '}{text}{''.join(places)})"
    return ""


def _shown(error: dict[str, Any]) -> dict[str, Any]:
    """Give what a notebook's document holds of an error."""
    text = f"{error['kind']}: {error['message']}"
    return {"ename": error["kind"], "evalue": error["message"], "traceback": [text]}


def _ignored_magic(name: str, why: str) -> Callable[[str], None]:
    def magic(line: str = "") -> None:
        sys.stdout.write(f"%{name} {line}".rstrip() + f": not run here; {why}\n")

    return magic


def pass_breakpoint(*args: object, **kwargs: object) -> None:  # noqa: ARG001  # whatever a debugger takes
    """Stand in for `pdb.set_trace` and `breakpoint`."""
    sys.stdout.write("breakpoint passed: there is no debugger while grading\n")


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
    with process:  # closes the pipe and buries the shell
        try:
            return _collect(process)
        finally:  # also after an interrupt: what it started goes with it
            _kill_group(process.pid)


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
