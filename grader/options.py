"""The arguments and options that several commands share, each written once with its help."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from .assignment import Assignment, load_assignment

__all__ = [
    "ASSIGNMENT",
    "CLUSTER",
    "DATA",
    "DATABASE",
    "JOBS",
    "JSON",
    "OUT",
    "PROFILE",
    "SEED",
    "STATE",
    "TLS_CA",
    "TLS_CERT",
    "TLS_KEY",
    "UNSAFE",
    "VERDICTS",
    "AssignmentFolder",
    "CommandsInOrder",
    "options",
]


class CommandsInOrder(click.Group):
    """A group whose help lists its commands as they are written: in the order in which they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """The commands' names."""
        return list(self.commands)


class AssignmentFolder(click.ParamType[Assignment]):
    """A folder that holds an `assignment.yaml`, or that file itself."""

    name = "assignment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Assignment:  # noqa: ARG002  # click's signature
        """Load it; its errors are the command's."""
        if isinstance(value, Assignment):
            return value
        path = Path(value)
        return load_assignment(path.parent if path.name == "assignment.yaml" and path.is_file() else path)


ASSIGNMENT = click.argument(
    "assignment", type=AssignmentFolder(), help="Folder of an assignment, with its assignment.yaml."
)
OUT = click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("graded"),
    show_default=True,
    help="Where results and reports go.",
)
STATE = click.option(
    "--state",
    type=click.Path(path_type=Path),
    default=Path(".grader"),
    show_default=True,
    envvar="GRADECHECK_STATE",
    help="Where evidence, the gradebook and the secret seed are kept.",
)
DATABASE = click.option(
    "--database",
    metavar="URL",
    envvar="GRADECHECK_DATABASE",
    help="A database for the gradebook in place of SQLite in --state.",
)
DATA = click.option(
    "--data",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with the real data sets (else GRADECHECK_DATA).",
)
JOBS = click.option(
    "--jobs", type=click.IntRange(1, 256), default=None, help="Submissions at once; one per core unless said."
)
SEED = click.option(
    "--seed",
    type=int,
    default=None,
    help="A fixed seed in place of the secret one; then marks can be repeated elsewhere.",
)
UNSAFE = click.option(
    "--unsafe-no-sandbox",
    "unsafe",
    is_flag=True,
    help="Run student code without a sandbox, and mark every result so. Never for a class.",
)
VERDICTS = click.option(
    "--verdicts", is_flag=True, help="Graded samples: hold each result against its verdict in samples.yaml."
)
CLUSTER = click.option(
    "--cluster",
    metavar="ADDRESS",
    envvar="GRADECHECK_CLUSTER",
    help="Run submissions on the workers of a dask scheduler, e.g. tls://host:8786 (extra `cluster`).",
)
TLS_CA = click.option(
    "--tls-ca",
    type=click.Path(path_type=Path),
    envvar="GRADECHECK_TLS_CA",
    help="PEM file of the authority that signed everybody's certificates.",
)
TLS_CERT = click.option(
    "--tls-cert",
    type=click.Path(path_type=Path),
    envvar="GRADECHECK_TLS_CERT",
    help="PEM file of our own certificate.",
)
TLS_KEY = click.option(
    "--tls-key", type=click.Path(path_type=Path), envvar="GRADECHECK_TLS_KEY", help="PEM file of its key."
)
PROFILE = click.option(
    "--profile",
    is_flag=True,
    help="Write where time went into profile.json and profile.csv in --out, and show it on the class's page.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")


def options(*decorators: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Apply several click decorators, first one first in the help."""

    def decorate(command: Any) -> Any:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate
