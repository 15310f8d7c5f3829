"""Only versions of numba that compile every kernel are used, and the extras install no others."""

import tomllib

import pytest
from compiler.native.kernels import ROOT

pytest.importorskip("numba", reason="kernels are compiled by numba, an optional dependency")

from autograd_lite.compiler.backends import chosen_backend
from autograd_lite.compiler.native import building
from autograd_lite.compiler.native.building import OLDEST, available, describe


@pytest.mark.parametrize(
    ("version", "enough"), [("0.61.2", False), ("0.9.1", False), ("0.62.0rc1", True), ("1.0", True)]
)
def test_a_numba_whose_llvm_ends_the_process_is_not_used(version, enough, monkeypatch):
    monkeypatch.delenv("AUTOGRAD_LITE_BACKEND", raising=False)
    monkeypatch.setattr("importlib.metadata.version", lambda name: version)
    monkeypatch.setattr(building, "_version", building._version.__wrapped__)  # not the one that is kept
    assert available() is enough
    assert chosen_backend("auto") == ("auto" if enough else "numpy")
    assert ("too old" in describe()) is not enough
    if not enough:
        with pytest.raises(ImportError, match=r"numba 0\.62 or later"):
            chosen_backend("native")


def test_the_extra_installs_no_other_numba_than_those_that_are_used():
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for extra in ("native", "bench"):
        (needed,) = [name for name in pyproject["project"]["optional-dependencies"][extra] if name.startswith("numba")]
        assert needed == f"numba>={OLDEST[0]}.{OLDEST[1]}"
