"""Become a notebook's kernel, inside the room: prepared for student code, and saying no more than it may.

`preload` is called once in the warm parent, `main` in the child that has joined the room. Both run beside student code: they hold
no secret, and the bounds that they keep are manners, not walls. The driver keeps its own (`outputs.py`, `sandbox/kernel.py`).
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import json
import os
import random
import sys
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jupyter_client.jsonutil import json_default
from jupyter_client.session import Session, json_packer

from ..probe.imports import prepare_path
from ..probe.in_kernel import serve_namespace
from .kernel_app import CourseKernel, RoomKernelApp
from .kernel_figures import png_of
from .kernel_imports import STAND_IN, ColabFinder, make_stand_in
from .kernel_ready import build_shell, settings
from .kernel_reload import leave_alone_what_is_loaded
from .kernel_shell import CellCompiler, CourseShell

__all__ = ["BoundedSession", "main", "pack", "preload"]

INLINE = "module://matplotlib_inline.backend_inline"

#: Modules that IPython and ipykernel import only once they run; in the warm parent it is done for all kernels.
LATE = (
    "IPython.core.completerlib",
    "IPython.core.logger",
    "IPython.core.magics",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.utils.text",
    "PIL.PngImagePlugin",
    "ipykernel.debugger",
    "matplotlib_inline.backend_inline",
    "tornado.platform.asyncio",
    "tornado.queues",
)

#: What the kernel tells everybody; counted against the notebook's output.
OUTPUTS = frozenset(
    {"stream", "display_data", "update_display_data", "execute_result", "error", "comm_open", "comm_msg"}
)

#: Modules that a notebook must not find; filled by `preload`, for looking through all names costs each kernel 1 ms.
_OURS: list[str] = []

MAX_SENT = 20_000  # outputs; the driver kills a kernel that sends five times as many messages


class BoundedSession(Session):
    """Sends nothing larger than `message_bytes`, and no more outputs than `total_bytes` and MAX_SENT in all.

    A larger message would make the driver drop the connection, and with it the outputs of all later cells.
    """

    message_bytes = 1 << 20
    total_bytes = 1 << 24
    _sent_bytes = 0
    _sent_messages = 0

    def _new_auth(self) -> None:
        """Sign nothing: a key would be the student's, too, and the driver believes nobody."""
        self.auth = None

    def serialize(self, msg: dict[str, Any], ident: Any = None) -> list[bytes]:
        """Serialize `msg`, with shortened content where it would be too large."""
        parts = super().serialize(msg, ident)
        if sum(map(len, parts)) > self.message_bytes:
            parts = super().serialize({**msg, "content": _shortened(msg, self.message_bytes // 8)}, ident)
        return parts

    def send(self, stream: Any, msg_or_type: Any, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        """Send, unless the notebook has said enough."""
        kind = msg_or_type if isinstance(msg_or_type, str) else msg_or_type.get("msg_type")
        if kind not in OUTPUTS:
            return super().send(stream, msg_or_type, *args, **kwargs)
        silent = self._sent_bytes > self.total_bytes or self._sent_messages > MAX_SENT
        if silent and kind != "error":  # why a cell failed is told in any case
            return None
        message = super().send(stream, msg_or_type, *args, **kwargs)
        self._sent_bytes += _size((message or {}).get("content"))
        self._sent_messages += 1
        return message


def pack(content: object) -> bytes:
    """Make JSON of `content`. A lone surrogate, which a student can print, is no UTF-8: it goes as an escape."""
    try:
        return json_packer(content)
    except UnicodeEncodeError:
        return json.dumps(content, default=json_default).encode()


def _size(content: object) -> int:
    """About how many characters `content` holds; exact enough to stop at a bound."""
    if isinstance(content, str | bytes):
        return len(content)
    if isinstance(content, Mapping):
        return 64 + sum(_size(value) for value in content.values())
    if isinstance(content, list | tuple):
        return sum(_size(value) for value in content)
    return 8


def _shortened(msg: dict[str, Any], characters: int) -> dict[str, Any]:
    content = msg.get("content") or {}
    if msg.get("msg_type") == "stream":
        return {
            "name": content.get("name", "stdout"),
            "text": content.get("text", "")[:characters] + "\n(cut: too large)\n",
        }
    if "data" in content:
        return {**content, "data": {"text/plain": "(left out: this output is too large)"}, "metadata": {}}
    kept = {key: content[key] for key in ("status", "execution_count") if key in content}
    texts = {key: str(content[key])[:characters] for key in ("ename", "evalue") if key in content}
    return {**kept, **texts, "traceback": [], "payload": [], "user_expressions": {}}


def preload() -> None:
    """Do once, in the warm parent, what every kernel would do: import, and draw one figure, which loads fonts and the PNG writer.

    Leaves no thread and no open figure behind.
    """
    for name in LATE:
        importlib.import_module(name)
    import matplotlib.pyplot as plt  # noqa: PLC0415  # only the warm parent pays for it
    from matplotlib import font_manager, mathtext, text  # noqa: PLC0415  # as above

    plt.switch_backend(INLINE)  # looks through all installed packages for others
    plt.switch_backend("Agg")
    figure, axes = plt.subplots()
    axes.plot([0, 1], label="x")
    axes.set_title("$x$")  # builds the parser of formulas, which a logarithmic axis has at its ticks, too
    axes.set(xlabel="x", ylabel="y")
    axes.legend()
    png_of(figure)
    plt.close(figure)
    for holder in (font_manager, font_manager.FontManager, text, mathtext.MathTextParser):
        _forget_fonts(holder)
    CourseKernel.ready_shell = build_shell()
    RoomKernelApp.ready_app = _build_application()
    _OURS[:] = [name for name in sys.modules if name.startswith("grader.sandbox")]
    leave_alone_what_is_loaded()


def _forget_fonts(holder: object) -> None:
    """Empty the caches of `holder`: open font files do not outlive the fork, and a font's path here is not its path in the room."""
    for value in vars(holder).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()


def main(config: Mapping[str, Any], fds: Sequence[int]) -> None:
    """Run a kernel until it is killed.

    Args: config: "sockets" and "ports" (the path of its sockets up to their numbers, and these), "message_bytes" and "total_bytes"
        (the bounds of what it sends), "work" (the submission's folder), "evidence_bytes" and "alone" (see `serve_namespace`).
        fds: one socket: a byte goes out over it when all is ready, and later the probes of the notebook's namespace come in.
    """
    (channel,) = fds
    work = str(config["work"])
    tempfile.tempdir = os.environ["TMPDIR"]  # which it would find out by writing a file
    os.environ["MPLBACKEND"] = INLINE
    os.environ["IPYTHONDIR"] = tempfile.tempdir
    os.chdir(work)
    CellCompiler.work = CourseShell.work = work
    app = _application(config)
    app.initialize([])  # type: ignore[no-untyped-call]  # IPython has no types here
    shell: Any = app.shell
    _prepare_for_student(shell, work)

    def serve_probes() -> None:
        # Each fork empties the cache of fonts, which costs it 150 page faults if there are any.
        with contextlib.suppress(Exception):  # what student code made of it
            sys.modules["matplotlib.font_manager"]._get_font.cache_clear()
        serve_namespace(
            shell.user_ns,
            channel,
            work=work,
            evidence_bytes=int(config["evidence_bytes"]),
            alone=bool(config["alone"]),
        )

    shell.serve_probes = serve_probes
    os.write(channel, b"k")  # the sockets are bound, and no student code has run
    app.start()  # type: ignore[no-untyped-call]  # IPython has no types here


def _prepare_for_student(shell: CourseShell, work: str) -> None:
    """Let figures, old NumPy names, Colab's modules and absent packages pass; start random numbers alike; forget the harness."""
    np.random.seed(0)  # a notebook that seeds nothing still gives the same in every run
    random.seed(0)
    prepare_path(work)
    shell.enable_matplotlib()  # figures show without `%matplotlib inline`, as in Jupyter
    sys.meta_path.append(ColabFinder)
    setattr(builtins, STAND_IN, make_stand_in(work))
    for name in _OURS:
        sys.modules.pop(name, None)  # no business of student code


def _build_application() -> RoomKernelApp:
    """Build an application, with its session, that belongs to no kernel yet. Like the shell, it leaves the process as it was."""
    app = RoomKernelApp(config=settings(), transport="ipc")  # type: ignore[no-untyped-call]  # IPython has no types here
    app.session = BoundedSession(key=b"unused", parent=app)  # without one, it warns
    app.session.pack = pack
    app.prepare_logging()
    return app


def _application(config: Mapping[str, Any]) -> RoomKernelApp:
    app = RoomKernelApp.take_up()
    app.ip = config["sockets"]
    app.shell_port, app.iopub_port = config["ports"]["shell"], config["ports"]["iopub"]
    app.session.session = uuid.uuid4().hex
    app.session.pid = os.getpid()  # else it takes this process for a fork of its own, and sends nothing
    app.session.message_bytes = int(config["message_bytes"])
    # Nothing larger is sent. Without a copy, for which pyzmq starts a thread, goes what is above the threshold.
    app.session.copy_threshold = app.session.message_bytes + 1
    app.session.total_bytes = int(config["total_bytes"])
    return app
