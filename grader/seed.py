"""The secret seed of graded runs: made once, kept with mode 0600, never printed. Each check derives its own inputs from it."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from .errors import GraderError

__all__ = ["PUBLIC_SEED", "Seed", "secret_seed"]

SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Seed:
    """A seed from which every check's own seed derives, so that knowing one check's inputs tells nothing of another's.

    secret: never shown, not even by repr.
    """

    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, number: int) -> Seed:
        """The seed of a number given on the command line: repeatable, and only as secret as the number."""
        return cls(b"number:" + str(number).encode())

    @property
    def id(self) -> str:
        """A name for the seed that does not give it away."""
        return hashlib.sha256(b"gradecheck seed id:" + self.secret).hexdigest()[:16]

    def for_check(self, check: str) -> int:
        """The 63-bit seed of one check, by its id."""
        digest = hmac.new(self.secret, check.encode(), hashlib.sha256).digest()
        return int.from_bytes(digest[:8], "big") >> 1


#: The seed of the student's self-check and of the published fixtures. Graded runs never use it.
PUBLIC_SEED = Seed(b"gradecheck public seed")


def secret_seed(state: Path) -> Seed:
    """The seed of graded runs, from `state/seed`; generated on first use.

    Two graders starting at once agree: the file appears whole, by a hard link that only one of them can make.

    Raises: GraderError if the file is damaged or others may read it.
    """
    path = state / "seed"
    if not path.exists():
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = state / f".seed.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(SEED_BYTES) + "\n")
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass  # another grader was first: its seed is the seed
        finally:
            temporary.unlink()
    if path.stat().st_mode & 0o077:
        raise GraderError(f"{path}: others may read the secret seed; run: chmod 600 {path}")
    try:
        secret = bytes.fromhex(path.read_text().strip())
    except ValueError as exc:
        raise GraderError(
            f"{path}: damaged; expected {2 * SEED_BYTES} hexadecimal digits (removing it regrades with a new seed)"
        ) from exc
    if len(secret) != SEED_BYTES:
        raise GraderError(
            f"{path}: has {len(secret)} bytes, expected {SEED_BYTES}; removing it regrades with a new seed"
        )
    return Seed(secret)
