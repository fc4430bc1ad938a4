"""The sandbox: rooms for student code, the warm parent that is forked into them, and the channel that evidence comes back through."""

from .room import Member, Room, RoomSpec, Sandbox, Usage

__all__ = ["Member", "Room", "RoomSpec", "Sandbox", "Usage"]
