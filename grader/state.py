"""The state folder (`.grader/`): blobs, evidence, rosters, gradebook, seed and expected arrays, each in its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from .errors import GraderError, UsageError
from .files import write_atomically
from .records.gradebook import Gradebook
from .seed import Seed, secret_seed
from .store.blobs import BlobStore
from .store.evidence import EvidenceStore
from .store.locks import held, is_held
from .store.roster import Roster

__all__ = ["State"]


@dataclass(frozen=True, slots=True)
class State:
    """Where a grader keeps what it must not lose. Made once there is something to keep, and readable by its owner alone: it holds
    the secret seed."""

    folder: Path
    database: str | None = None  # an SQLAlchemy URL in place of the SQLite file

    def make(self) -> None:
        """Make the folder, if it is not there. Raises: GraderError if it cannot be made."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as exc:
            raise GraderError(
                f"{self.folder}: cannot be made ({exc.strerror}); name another folder with --state"
            ) from exc

    @classmethod
    def kept(cls, folder: Path, database: str | None = None) -> State:
        """The state of earlier runs, for what makes no sense without one. Raises: UsageError if the folder is not there."""
        if not folder.is_dir():
            raise UsageError(
                f"{folder.absolute()}: not there, so nothing has been graded here; "
                "name the class's own folder with --state, or run `grader run` first"
            )
        return cls(folder, database)

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

    def rosters(self) -> Iterator[Roster]:
        """The rosters of all assignments."""
        return (Roster(folder) for folder in sorted((self.folder / "rosters").glob("*")))

    def at_work(self, assignment: str, *, alone: bool = False) -> AbstractContextManager[None]:
        """While it is entered, this process works on an assignment: together with others who do, or alone. Makes the folder.

        Raises: GraderError if the folder cannot be made; on entering, if others are at work and do not go together with that.
        """
        self.make()
        return held(self._locks / assignment, alone=alone)

    def anybody_at_work(self) -> bool:
        """Whether a process is at work on any assignment."""
        return any(is_held(path) for path in self._locks.glob("*"))

    @property
    def _locks(self) -> Path:
        return self.folder / "locks"

    def seed(self, assignment: str) -> Seed:
        """The seed that an assignment is graded with: the one last chosen for it, else the secret one, generated on first use."""
        self.make()
        chosen = self._chosen(assignment)
        return Seed(chosen.read_bytes()) if chosen.is_file() else secret_seed(self.folder)

    def choose_seed(self, assignment: str, seed: Seed) -> None:
        """Remember the seed of a run that was given one, so that rescoring judges its evidence by the same inputs."""
        self.make()
        write_atomically(self._chosen(assignment), seed.secret, 0o600)

    def _chosen(self, assignment: str) -> Path:
        return self.folder / "seeds" / assignment

    @property
    def gradebook_file(self) -> Path:
        """Where the gradebook lies, unless a database was named."""
        return self.folder / "gradebook.sqlite"

    def gradebook(self) -> Gradebook:
        """The gradebook, opened; a context manager that closes it.

        Raises: GradebookError if the database cannot be reached or is none of ours. GraderError if the folder cannot be made.
        """
        if self.database is None:
            self.make()
        return Gradebook.open(self.database or self.gradebook_file)
