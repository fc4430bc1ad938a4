"""What a notebook shows, as messages: values of cells, and displays of every kind. Runs beside student code, inside the room."""

from __future__ import annotations

import tokenize
from collections.abc import Mapping
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher

__all__ = ["RoomDisplayHook", "RoomDisplayPublisher"]


class RoomDisplayPublisher(DisplayPublisher):
    """Sends what `display` and its like show."""

    shell: Any  # a CourseShell, whose module imports this one

    def publish(
        self,
        data: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
        *_args: Any,
        transient: Mapping[str, Any] | None = None,
        update: bool = False,
        **_kwargs: Any,
    ) -> None:
        """Send one display. data: mime type -> content. transient: with its "display_id", by which it may be updated.

        Raises: TypeError, ValueError for what cannot be sent.
        """
        self.shell.outlet.flush()
        self._validate_data(data, metadata)  # type: ignore[no-untyped-call]  # IPython has no types here
        content = {"data": data, "metadata": metadata or {}, "transient": transient or {}}
        self.shell.outlet.send("update_display_data" if update else "display_data", content)

    def clear_output(self, wait: bool = False) -> None:
        """Have the cell's outputs so far taken back; wait: once there are others."""
        self.shell.outlet.flush()
        self.shell.outlet.send("clear_output", {"wait": wait})


class RoomDisplayHook(DisplayHook):
    """Sends the value of a cell's last expression."""

    shell: Any  # a CourseShell, whose module imports this one
    _shown: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None

    def reset(self) -> None:
        """Forget a value that was never shown to its end: another cell begins."""
        self._shown, self._is_active = None, False

    def quiet(self) -> bool:
        """Whether a semicolon at the cell's end asks for silence. IPython reads each cell token by token, in Python, to see."""
        cells = self.shell.history_manager.input_hist_parsed
        if not cells or ";" not in cells[-1]:
            return False
        try:
            return bool(super().quiet())  # type: ignore[no-untyped-call]  # IPython has no types here
        except (SyntaxError, tokenize.TokenError):
            return False

    def write_output_prompt(self) -> None:
        """Write none: the driver knows the cell's number."""

    def write_format_data(
        self, format_dict: Mapping[str, Any], md_dict: Mapping[str, Any] | None = None
    ) -> None:
        """Keep what is to be shown until the end. format_dict: mime type -> content."""
        self._shown = format_dict, md_dict or {}

    def finish_displayhook(self) -> None:
        """Send it. Raises: TypeError, ValueError for what cannot be sent."""
        self.shell.outlet.flush()
        shown, self._shown = self._shown, None
        if shown and shown[0]:
            self.shell.outlet.send("execute_result", {"data": shown[0], "metadata": shown[1]})
        self._is_active = False
