"""Whatever bytes come, readers refuse them in their own words: what is not fuzzed beside its module is fuzzed here."""

import asyncio
import json
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.assignment import Spec
from grader.errors import AssignmentError
from grader.model import CheckEvidence, Ending
from grader.notebooks.outputs import CellOutputs, OutputBudget
from grader.probe.frames import encode_answer
from grader.sandbox.session import Planned, ProbeSession, RunnerLostError
from grader.yamlfile import read_mapping, validate

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
WORDS = st.sampled_from(
    ["ending", "values", "error", "detail", "warnings", "wall_s", "cpu_s", "frames", "kind", "message"]
)
HEADERS = st.dictionaries(WORDS, VALUES | st.sampled_from([item.value for item in Ending]), max_size=8)
YAML = st.text(st.sampled_from("format: 1\n-[]{}&*!|>'\"#%@,?~ \t<"), max_size=120) | st.text(max_size=60)


@settings(max_examples=60, deadline=None)
@given(header=HEADERS, payload=st.binary(max_size=40))
def test_answer_of_any_content_is_evidence_or_a_lost_runner(header, payload):
    async def ask():
        ours, theirs = socket.socketpair()
        with theirs:
            session = ProbeSession(ours, evidence_bytes=1000)
            asking = asyncio.ensure_future(session.check(Planned(id="c", seed=1, time_s=1.0)))
            theirs.setblocking(False)
            request = await asyncio.get_running_loop().sock_recv(theirs, 65536)
            nonce = json.loads(request[4:])["nonce"]
            theirs.sendall(encode_answer({**header, "nonce": nonce}, payload))
            try:
                return await asking
            except RunnerLostError as exc:
                return exc
            finally:
                session.close()

    told = asyncio.run(ask())
    assert isinstance(told, CheckEvidence | RunnerLostError)
    assert told.ending is not Ending.NOT_RUN


@settings(max_examples=100, deadline=None)
@given(
    kinds=st.lists(
        st.sampled_from(
            ["stream", "error", "display_data", "execute_result", "update_display_data", "clear_output"]
        )
    ),
    content=st.dictionaries(
        st.sampled_from(["name", "text", "data", "transient", "ename", "frames", "wait"]), VALUES
    ),
)
def test_messages_of_any_content_become_outputs_within_the_budget(kinds, content):
    outputs = CellOutputs(budget=OutputBudget(left_bytes=100))
    for kind in kinds:
        outputs.add(kind, content)
    json.dumps(outputs.documents(1)).encode()
    assert outputs.budget.left_bytes >= 0


@settings(max_examples=100, deadline=None)
@given(text=YAML)
def test_yaml_of_any_content_is_a_specification_or_an_error_with_its_place(text, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "assignment.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(
        AssignmentError, match=r"assignment\.yaml"
    ):  # no text so short is a whole specification
        validate(path, read_mapping(path, "`format`"), Spec)
