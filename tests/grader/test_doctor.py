"""The doctor names what is amiss, and a fix for each."""

import pytest

from grader.data import DATA_SETS, DATA_VARIABLE
from grader.doctor import examine


@pytest.fixture(autouse=True)
def no_setting(monkeypatch):
    monkeypatch.delenv(DATA_VARIABLE, raising=False)


def found(**places):
    return {health.name: health for health in examine(**places)}


@pytest.mark.sandbox
def test_examine_healthy_machine(tmp_path):
    health = found(state=tmp_path / "state")
    assert not [finding for finding in health.values() if not finding.ok]
    assert {"python", "machine", "bubblewrap", "state folder", "gradebook", "CIFAR-10", "MNIST"} <= set(
        health
    )
    assert "synthetic stand-in" in health["MNIST"].seen


def test_examine_every_failure_has_a_fix(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "gradebook").write_bytes(
        b"no database at all, but long enough to be read as the header of one" * 20
    )
    health = found(state=tmp_path / "state", database=f"sqlite:///{tmp_path}/gradebook", data=tmp_path)
    amiss = {name for name, finding in health.items() if not finding.ok}
    assert amiss == {"bubblewrap", "gradebook", "CIFAR-10", "MNIST"}
    assert all(health[name].fix for name in amiss)
    assert "install" in health["bubblewrap"].fix


def test_examine_makes_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))  # no bubblewrap, so that no room is tried
    health = found(state=tmp_path / "deep" / "state")
    assert health["state folder"].ok
    assert "state can be made" in health["state folder"].seen
    assert health["gradebook"].ok
    assert health["gradebook"].seen.endswith("gradebook.sqlite can be made")
    assert not list(tmp_path.iterdir())


def test_examine_state_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    health = found(state=tmp_path / "file" / "state")
    assert not health["state folder"].ok
    assert "--state" in health["state folder"].fix


def test_examine_state_that_is_open_to_everybody(tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o755)
    health = found(state=tmp_path / "state")
    assert not health["state folder"].ok
    assert "chmod o-rwx" in health["state folder"].fix
    (tmp_path / "state").chmod(0o750)
    assert found(state=tmp_path / "state")["state folder"].ok


def test_examine_real_data(tmp_path):
    folder = tmp_path / DATA_SETS["mnist"].folder
    folder.mkdir()
    for file in DATA_SETS["mnist"].files:
        (folder / file).write_bytes(b"")
    health = found(state=tmp_path / "state", data=tmp_path)
    assert health["MNIST"].ok
    assert health["MNIST"].seen == str(folder)
    assert not health["CIFAR-10"].ok
