"""What travels between a driver and its workers: bytes and JSON. A task says how to run a submission, not how to judge it.

No points, tolerances, judges or expected arrays are in it, and no pickle: a worker is asked to run, and gives evidence back. The
seed is in it, for the probes' inputs derive from it, so the way between the machines has to be a private one (TLS).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from ..assignment import Assignment, Spec
from ..errors import EvidenceError, SandboxError
from ..execute import Plan
from ..model import Evidence, Submission
from ..probe import Check
from ..seed import Seed
from ..store.blobs import BlobStore
from ..store.codec import CodecError, decode, encode
from ..store.evidence import pack_evidence, unpack_evidence
from ..suite import Suite

__all__ = ["Answer", "Parcel", "Task", "decode_answer", "decode_task", "encode_answer", "encode_task"]

FORMAT = 2
#: Of a check, what running it takes: hidden checks run after visible ones, and companions last, with the inputs of another check.
TERMS = ("id", "where", "notebook", "time_s", "visible", "carries", "charged")
SAME_VERSION = "driver and workers need one version of this program"
NOWHERE = Path("/nowhere")  # a worker has no assignment folder

#: A task or an answer on its way: a JSON document and the files that it names, by digest.
Parcel = tuple[bytes, dict[str, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One submission to be run. plan: without a data set, which the worker has to have itself; data_digest: of which one, or ""."""

    key: str
    plan: Plan
    submission: Submission
    data_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a task. executed: the executed notebooks, by digest."""

    evidence: Evidence
    executed: Mapping[str, bytes]


def encode_task(plan: Plan, submission: Submission, key: str, blobs: BlobStore) -> Parcel:
    """Pack a task with the submission's files.

    Raises: EvidenceError if a file is no longer kept.
    """
    suite = plan.suite
    document = {
        "format": FORMAT,
        "key": key,
        "name": suite.assignment.name,
        "spec": suite.assignment.spec.model_dump(mode="json"),
        "checks": [{term: getattr(check, term) for term in TERMS} for check in suite.probes],
        "modules": dict(suite.modules),
        "suite": suite.digest,
        "seed": plan.seed.secret.hex(),
        "environment": dict(plan.environment),
        "data": plan.data.digest if plan.data else "",
        "submission": encode(submission),
    }
    files = {file.digest: blobs.get(file.digest) for file in submission.files}
    return json.dumps(document).encode(), files


def decode_task(document: bytes) -> Task:
    """Read a task's document.

    Raises: SandboxError if it is of another version of this program.
    """
    try:
        values = json.loads(document)
        if values["format"] != FORMAT:
            raise SandboxError(
                f"the driver sends tasks of format {values['format']}, this worker reads {FORMAT}; use one version everywhere"
            )
        plan = Plan(
            suite=_suite(values),
            seed=Seed(bytes.fromhex(values["seed"])),
            data=None,
            environment=values["environment"],
        )
        submission = decode(Submission, values["submission"])
        return Task(key=values["key"], plan=plan, submission=submission, data_digest=values["data"])
    except (ValueError, KeyError, TypeError, CodecError, ValidationError) as exc:
        raise SandboxError(f"a task cannot be read ({exc}); {SAME_VERSION}") from exc


def _suite(values: Mapping[str, Any]) -> Suite:
    spec = Spec.model_validate_json(json.dumps(values["spec"]))
    probes = [Check(title="", of="", probe=_unreachable, **check) for check in values["checks"]]
    return Suite(
        assignment=Assignment(name=values["name"], folder=NOWHERE, spec=spec),
        checks=tuple(probe for probe in probes if not probe.carries),
        companions=tuple(probe for probe in probes if probe.carries),
        modules=values["modules"],
        digest=values["suite"],
    )


def _unreachable(*_: object) -> NoReturn:
    raise SandboxError("a worker runs probes in the sandbox only")


def encode_answer(evidence: Evidence, blobs: BlobStore) -> Parcel:
    """Pack evidence with the executed notebooks."""
    digests = {notebook.executed for notebook in evidence.notebooks} - {None}
    return pack_evidence(evidence), {digest: blobs.get(digest) for digest in digests if digest is not None}


def decode_answer(parcel: object, plan: Plan, submission: Submission, key: str) -> Answer:
    """Read an answer to the task of these terms. parcel: whatever came.

    Raises: SandboxError if it is damaged, of another version, or the answer to another task.
    """
    match parcel:
        case (bytes(data), dict(files)):
            pass
        case _:
            raise SandboxError(f"a worker answered with {type(parcel).__name__}; {SAME_VERSION}")
    try:
        evidence = unpack_evidence(data, "a worker's answer")
    except EvidenceError as exc:
        raise SandboxError(str(exc)) from exc
    asked = (key, submission.digest, plan.suite.digest, plan.seed.id)
    got = (evidence.key, evidence.submission, evidence.suite, evidence.seed_id)
    if got != asked:
        said, wanted = next((one, other) for one, other in zip(got, asked, strict=True) if one != other)
        raise SandboxError(f"a worker answered {said[:12]} where {wanted[:12]} was asked; run again")
    if dict(evidence.environment) != dict(plan.environment) or not evidence.sandboxed:
        raise SandboxError("a worker ran a submission in another environment than was asked; run again")
    ran = [answer.check for answer in evidence.checks]
    if len(set(ran)) < len(ran) or not set(ran) <= {check.id for check in plan.suite.probes}:
        raise SandboxError("a worker answered checks that were not asked, or one of them twice; run again")
    executed = {notebook.executed for notebook in evidence.notebooks} - {None}
    if files.keys() != executed or any(_digest(data) != digest for digest, data in files.items()):
        raise SandboxError("a worker's answer has not the executed notebooks that it names; run again")
    return Answer(evidence=evidence, executed=files)


def _digest(data: object) -> str:
    return hashlib.sha256(data).hexdigest() if isinstance(data, bytes) else ""
