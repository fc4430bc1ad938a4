"""The secret seed: made once, private, and different for each check."""

import pytest

from grader.errors import GraderError
from grader.seed import PUBLIC_SEED, Seed, secret_seed


def test_secret_seed_is_made_once_and_private(tmp_path):
    seed = secret_seed(tmp_path)
    assert secret_seed(tmp_path) == seed
    assert (tmp_path / "seed").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["seed"]
    assert seed != secret_seed(tmp_path / "other")


def test_secret_seed_is_not_shown(tmp_path):
    seed = secret_seed(tmp_path)
    assert seed.secret.hex() not in repr(seed) + seed.id
    assert repr(seed) == "Seed()"


def test_secret_seed_readable_by_others_is_refused(tmp_path):
    secret_seed(tmp_path)
    (tmp_path / "seed").chmod(0o644)
    with pytest.raises(GraderError, match="chmod 600"):
        secret_seed(tmp_path)


@pytest.mark.parametrize("text", ["", "zz", "ab" * 31])
def test_secret_seed_damaged_is_refused(tmp_path, text):
    path = tmp_path / "seed"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(GraderError, match="expected"):
        secret_seed(tmp_path)


def test_seeds_of_checks_differ_and_repeat():
    seed = Seed.of(231)
    assert seed.for_check("a") == Seed.of(231).for_check("a") != seed.for_check("b")
    assert seed.for_check("a") != PUBLIC_SEED.for_check("a")
    assert 0 <= seed.for_check("a") < 2**63
