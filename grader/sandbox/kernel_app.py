"""The kernel's application: an IPKernelApp that reads no file of the disk, and speaks over one line, without sockets and threads.

Runs beside student code, inside the room.
"""

from __future__ import annotations

import asyncio
import json
import logging
import pdb  # to take its teeth out
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from IPython.core import debugger  # as above
from IPython.core.profiledir import ProfileDir
from traitlets import default, observe

sys.modules.setdefault("debugpy", None)  # type: ignore[arg-type]  # says "not installed": nobody attaches to this kernel

from ipykernel import ipkernel  # noqa: E402  # after the line above
from ipykernel.displayhook import ZMQDisplayHook  # noqa: E402  # as above
from ipykernel.ipkernel import IPythonKernel  # noqa: E402  # after the line above
from ipykernel.kernelapp import IPKernelApp  # noqa: E402  # as above

from ..probe.tracebacks import describe_error  # noqa: E402  # as above
from .kernel_line import KernelLine, RoomStream  # noqa: E402  # as above
from .kernel_ready import take_up  # noqa: E402  # as above
from .kernel_shell import CellCompiler, CourseShell, pass_breakpoint  # noqa: E402  # as above

__all__ = ["CourseKernel", "RoomKernelApp"]

SILENT = logging.getLogger("grader.kernel")
SILENT.setLevel(logging.CRITICAL + 1)
SILENT.addHandler(logging.NullHandler())


class CourseKernel(IPythonKernel):
    """The kernel that every notebook gets, whatever kernelspec its metadata name."""

    shell_class = CourseShell
    compiler_class = CellCompiler
    #: Built by `preload`, in the warm parent.
    ready_shell: CourseShell
    #: Standard output and error, as the application has made them.
    streams: Sequence[RoomStream] = ()

    #: Requests are received in the main thread.
    _supports_kernel_subshells = False
    #: Seconds that ipykernel sleeps before each reply, lest outputs overtake it; on one line nothing overtakes.
    _execute_sleep = 0.0

    def _publish_execute_input(self, *args: Any) -> None:
        """Do not repeat what was asked: the driver has it."""

    def _publish_status(self, status: str, *args: Any) -> None:
        """Say when a request is done, which is all that the driver waits for."""
        if status == "idle":
            super()._publish_status(status, *args)  # type: ignore[no-untyped-call]  # IPython has no types here

    async def answer(self, request: dict[str, Any]) -> None:
        """Run what is asked for, reply, and say that it is done.

        What goes wrong beside a cell's own code, by an interrupt or by what the notebook did to its streams, is that cell's error.
        """
        self.set_parent([], request)  # type: ignore[no-untyped-call]  # IPython has no types here
        for stream in self.streams:  # whatever the notebook has put in their place
            stream.set_parent(request)
        self.pre_handler_hook()  # type: ignore[no-untyped-call]  # as above
        try:
            await self.execute_request(None, [], request)  # type: ignore[no-untyped-call]  # as above
        except (Exception, KeyboardInterrupt, asyncio.CancelledError) as exc:  # noqa: BLE001  # without a reply, no cell would follow
            error = describe_error(exc, CourseShell.work)
            content = {"status": "error", "ename": error["kind"], "evalue": error["message"], "traceback": []}
            session: Any = self.session
            session.send(None, "execute_reply", content, request)
        finally:
            self.post_handler_hook()  # type: ignore[no-untyped-call]  # as above
        for stream in self.streams:
            stream.flush()
        self._publish_status("idle", "shell")

    def __init__(self, **kwargs: Any) -> None:
        take_up(self.ready_shell)
        with _no_list_of_modules():
            super().__init__(**kwargs)  # type: ignore[no-untyped-call]  # IPython has no types here
        shell = self.ready_shell
        shell.kernel = shell.parent = self
        shell.profile_dir, shell.ipython_dir = self.profile_dir, tempfile.gettempdir()


class _MainThread:
    """Stands for the thread that receives requests, which there is not, where ipykernel asks it for the one that runs cells."""

    def __init__(self) -> None:
        self.parent_thread = threading.main_thread()

    def __bool__(self) -> bool:
        return False


@contextmanager
def _no_list_of_modules() -> Iterator[None]:
    """Keep the kernel from listing all modules for a debugger that is not there: reading them copies 4 MiB of shared memory."""
    own = vars(ipkernel)
    own["sys"] = SimpleNamespace(modules={}, platform=sys.platform)
    try:
        yield
    finally:
        own["sys"] = sys


class _EmptyProfile(ProfileDir):
    """A profile's folder without the folders in it, for nothing is kept there."""

    # Without the decorator, traitlets takes the name for an observer of old, and reads this source to say so.
    @observe("location")
    def _location_changed(self, *args: object) -> None:
        """Make none of them: it costs a kernel 1 ms."""


class RoomKernelApp(IPKernelApp):
    """An IPKernelApp without configuration files, profile, log, history, heartbeat, startup files and crash handler."""

    kernel_class = CourseKernel
    #: The line to the driver. Set before it is initialized.
    line: KernelLine
    #: Built in the warm parent.
    ready_app: RoomKernelApp

    @classmethod
    def take_up(cls) -> RoomKernelApp:
        """Make the application that was built beforehand the one of this process, as `instance` does with one that it makes."""
        for kind in cls._walk_mro():
            setattr(kind, "_instance", cls.ready_app)  # noqa: B010  # declared as None there
        return cls.ready_app

    @default("log")
    def _log_default(self) -> logging.Logger:
        """Log nowhere: this process has no terminal, and nobody reads its files."""
        return SILENT

    def _configure_logging(self) -> None:
        """Leave the log as it is: configuring one costs 1 ms."""

    def configure_tornado_logger(self) -> None:
        """Leave tornado's log as `prepare_logging` has left it."""

    def prepare_logging(self) -> None:
        """Give tornado's log a handler, in the warm parent. Without one, it would set up the log that student code sees."""
        super().configure_tornado_logger()  # type: ignore[no-untyped-call]  # IPython has no types here

    def init_pdb(self) -> None:
        """Let a forgotten breakpoint go on: there is nobody to debug, and asking would fail the cell."""
        sys.breakpointhook = pass_breakpoint
        pdb.set_trace = pass_breakpoint
        debugger.set_trace = pass_breakpoint

    def parse_command_line(self, argv: Any = None) -> None:
        """Take no options: building their parser costs 10 ms."""

    def load_config_file(self, *args: Any, **kwargs: Any) -> None:  # the base's signature
        """Read no configuration: a submission might bring one."""

    def init_config_files(self) -> None:
        """Look for none either."""

    def init_profile_dir(self) -> None:
        """Take an empty profile: a submission might bring one, and it is not asked for."""
        folder = Path(tempfile.gettempdir(), f"ipython-{uuid.uuid4().hex}")
        folder.mkdir(mode=0o700)
        self.profile_dir = _EmptyProfile(location=str(folder))

    def init_crash_handler(self) -> None:
        """Leave `sys.excepthook` alone."""

    def init_connection_file(self) -> None:
        """Keep the connection that the driver gave."""

    def write_connection_file(self, **kwargs: Any) -> None:  # the base's signature
        """Write no connection file: the driver knows where the sockets are."""

    def log_connection_info(self) -> None:
        """Tell nobody how to connect."""

    def init_sockets(self) -> None:
        """Open none."""

    def init_io(self) -> None:
        """Let what is printed and shown go over the line."""
        session: Any = self.session
        self.kernel_class.streams = RoomStream(session, "stdout", 1), RoomStream(session, "stderr", 2)
        sys.stdout, sys.stderr = self.kernel_class.streams
        self.displayhook = sys.displayhook = ZMQDisplayHook(session, None)  # type: ignore[no-untyped-call]  # IPython has no types here
        self.patch_io()  # type: ignore[no-untyped-call]  # as above

    def init_kernel(self) -> None:
        """Make the kernel, which receives requests in the thread that runs them."""
        self.kernel = self.kernel_class.instance(
            parent=self,
            session=self.session,
            shell_channel_thread=_MainThread(),
            iopub_socket=self.line,
            log=self.log,
            profile_dir=self.profile_dir,
            user_ns=self.user_ns,
        )
        self.displayhook.get_execution_count = lambda: self.kernel.execution_count

    def start(self) -> None:
        """Answer one request after another, until the driver hangs up."""
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        self.kernel.io_loop = SimpleNamespace(add_callback=loop.call_soon_threadsafe, asyncio_loop=loop)
        requests: asyncio.Queue[bytes] = asyncio.Queue()

        def arrived() -> None:
            if (request := self.line.receive()) is not None:
                requests.put_nowait(request)

        async def serve() -> None:
            while request := await requests.get():
                await self.kernel.answer(json.loads(request))

        loop.add_reader(self.line, arrived)
        while True:
            try:
                return loop.run_until_complete(serve())
            except KeyboardInterrupt:  # it came between two cells
                continue

    def init_heartbeat(self) -> None:
        """Have no heartbeat: the driver watches the process itself."""

    def init_extensions(self) -> None:
        """Load no extensions beforehand."""

    def init_code(self) -> None:
        """Run no startup files; hide IPython's own names from the notebook's namespace."""
        shell: Any = self.shell  # there is one by now
        shell.user_ns_hidden.update(shell.user_ns)
