"""The sandbox: rooms for student code, the warm parent that is forked into them, the channel that evidence comes back through."""

from .members import Member, Usage
from .room import Room, RoomSpec
from .sandbox import Sandbox

__all__ = ["Member", "Room", "RoomSpec", "Sandbox", "Usage"]
