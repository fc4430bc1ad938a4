"""The state folder (`.grader/`): blobs, evidence, rosters, gradebook, seed and expected arrays, each in its place."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .blobs import BlobStore
from .errors import GraderError
from .evidence import EvidenceStore
from .gradebook import Gradebook
from .roster import Roster
from .seed import Seed, secret_seed

__all__ = ["State"]


@dataclass(frozen=True, slots=True)
class State:
    """Where a grader keeps what it must not lose. Made on first use, readable by its owner alone: it holds the secret seed."""

    folder: Path
    database: str | None = None  # an SQLAlchemy URL in place of the SQLite file

    def __post_init__(self) -> None:
        """Make the folder. Raises: GraderError if it cannot be made or written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as exc:
            raise GraderError(
                f"{self.folder}: cannot be made ({exc.strerror}); name another folder with --state"
            ) from exc

    @property
    def blobs(self) -> BlobStore:
        """Submitted files and executed notebooks."""
        return BlobStore(self.folder / "blobs")

    @property
    def evidence(self) -> EvidenceStore:
        """What running submissions gave."""
        return EvidenceStore(self.folder / "evidence")

    @property
    def expected(self) -> Path:
        """Cached arrays of the reference."""
        return self.folder / "expected"

    def roster(self, assignment: str) -> Roster:
        """Who handed in what for one assignment."""
        return Roster(self.folder / "rosters" / assignment)

    def seed(self) -> Seed:
        """The secret seed, generated on first use."""
        return secret_seed(self.folder)

    def gradebook(self) -> Gradebook:
        """The gradebook, opened; a context manager that closes it.

        Raises: GradebookError if the database cannot be reached or is none of ours.
        """
        return Gradebook.open(self.database or self.folder / "gradebook.sqlite")
