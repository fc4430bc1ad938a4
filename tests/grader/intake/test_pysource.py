"""Which names a file defines and whether their body is written: by parsing, or line by line where it does not parse."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.intake.pysource import scan_source

STARTER = b"""
def forward(x, gamma, param):
    \"\"\"Normalise: out = gamma * x + beta.\"\"\"
    mode = param['mode']
    eps = param.get('eps', 1e-5)
    N, D = x.shape
    running = param.get('running', np.zeros(D, dtype=x.dtype))
    out, cache = None, None
    if mode == 'train':
        pass  # TODO: x - mean
    else:
        raise ValueError('Invalid mode "%s"' % mode)
    param['running'] = running
    return out, cache
"""
WRITTEN = STARTER.replace(b"pass  # TODO: x - mean", b"out = x - x.mean(axis=0)")
PYTHON2 = b"\n\nprint 'loaded'\n"


@pytest.mark.parametrize("ending", [pytest.param(b"", id="python3"), pytest.param(PYTHON2, id="python2")])
def test_scan_source_tells_a_starter_from_written_work(ending):
    assert scan_source(STARTER + ending, ["forward", "backward"]).defined == {"forward"}
    assert scan_source(STARTER + ending, ["forward"]).written == frozenset()
    assert scan_source(WRITTEN + ending, ["forward"]).written == {"forward"}


@pytest.mark.parametrize(
    "source",
    [
        b"class Net:\n    def loss(self, x):\n        return x @ self.w\n",
        b"def Net(x):\n    return np.dot(x, x)\n",
        b"def Net(x):\n    x += 1\n",
    ],
)
@pytest.mark.parametrize("ending", [b"", PYTHON2])
def test_scan_source_sees_work_in_classes_calls_and_assignments(source, ending):
    assert scan_source(source + ending, ["Net"]).written == {"Net"}


@pytest.mark.parametrize(
    "body",
    [b"pass", b"...", b"raise NotImplementedError('a' + 'b')", b"return None", b"'''x * y'''", b"return"],
)
def test_scan_source_takes_placeholders_for_blank(body):
    scan = scan_source(b"def f(x):\n    " + body + b"\n", ["f"])
    assert (scan.defined, scan.written) == ({"f"}, frozenset())


def test_scan_source_knows_who_only_uses_what_another_module_has():
    code = b"from .layers import f\nfrom mine import g\n\nclass Net:\n    x = f(1)\n"
    scan = scan_source(code, ["f", "g", "Net"], users_of=["layers", "net"])
    assert scan.defined == scan.written == {"g", "Net"}


def test_scan_source_takes_bound_and_imported_names():
    scan = scan_source(b"from mine import f\ng = f\n", ["f", "g", "h"])
    assert scan.defined == {"f", "g"}


def test_scan_source_looks_at_the_top_level_only():
    assert scan_source(b"class A:\n    def f(self):\n        return 1 + 1\n", ["f"]).defined == frozenset()
    assert (
        scan_source(b"class A:\n    def f(self):\n        return 1 + 1\nprint 1\n", ["f"]).defined
        == frozenset()
    )


def test_scan_source_reads_declared_and_undeclared_encodings():
    for source in (
        b"# coding: latin-1\n# caf\xe9\n",
        b"# caf\xe9\n",
        b"\xef\xbb\xbf",
        b"# coding: nonsense\n",
    ):
        assert scan_source(source + b"def f(x):\n    return x + 1\n", ["f"]).written == {"f"}


@pytest.mark.parametrize(
    "hostile",
    [
        b"(" * 20_000,
        b"x = " + b"-" * 50_000 + b"1",
        b"x = a" + b".a" * 50_000,
        b"x = " + b"a(" * 5_000,
        b"\0",
        b"'" * 10_001,
    ],
    ids=["brackets", "signs", "attributes", "calls", "nul", "quotes"],
)
def test_scan_source_survives_sources_made_to_break_parsers(hostile):
    assert scan_source(b"def f(x):\n    return x + 1\n" + hostile + b"\n", ["f"]).defined <= {"f"}


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=300))
def test_scan_source_reads_any_bytes(data):
    scan = scan_source(data, ["f", "g"])
    assert scan.written <= scan.defined <= {"f", "g"}
