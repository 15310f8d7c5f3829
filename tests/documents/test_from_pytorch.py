"""The table of docs/from_pytorch.md: what differs without an error, and what to write."""

import re
from pathlib import Path

import numpy as np
import pytest

from autograd_lite import Tensor, nn

PAGE = Path(__file__).parent.parent.parent / "docs" / "from_pytorch.md"
ROWS = re.findall(r"^\| `(.+?)` \| `(.+?)` \| `(.+?)` \|$", PAGE.read_text(encoding="utf-8"), re.M)
SHORT_FORMS = re.findall(r"^\| `([^|]+?)` \| `([^|]+?)` \|$", PAGE.read_text(encoding="utf-8"), re.M)
X = [[3.0, 1.0], [1.0, 2.0]]


def test_the_table_is_read():
    assert len(ROWS) == 6
    assert len(SHORT_FORMS) == 9


@pytest.mark.parametrize(("there", "here", "instead"), ROWS)
def test_both_sides_run_and_differ_and_what_to_write_gives_pytorchs_numbers(there, here, instead):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is not needed, only agreed with")
    expected = eval(there, {"x": torch.tensor(X), "torch": torch}).numpy()
    ours, right = (np.asarray(getattr(value, "data", value)) for value in
                   (eval(code, {"x": Tensor(X), "np": np}) for code in (here, instead)))  # fmt: skip
    assert ours.shape != expected.shape or not np.allclose(ours, expected)
    np.testing.assert_allclose(right, expected, rtol=1e-6)


@pytest.mark.parametrize(("there", "here"), SHORT_FORMS)
def test_short_forms_give_pytorchs_numbers(there, here):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is not needed, only agreed with")
    rng = np.random.default_rng(0)
    arrays = {name: rng.normal(size=(4, 3)) for name in "apnw"} | {"x": rng.normal(size=(2, 2, 5, 4))}
    arrays["ids"] = np.array([[0, 2], [3, 3]])
    theirs = {name: torch.from_numpy(array) for name, array in arrays.items()}
    names = {"torch": torch, "nn": torch.nn, "F": torch.nn.functional, "d": lambda u, v: (u - v).abs().sum(1)}
    expected = eval(there, {**theirs, **names})
    own = {"nn": nn, "F": nn.functional, "np": np, "d": lambda u, v: abs(u - v).sum(1)}
    found = eval(here, {**{name: Tensor(array) for name, array in arrays.items()}, **own, "ids": arrays["ids"]})
    np.testing.assert_allclose(np.asarray(found), expected.numpy(), rtol=1e-12)


def test_words_that_are_errors_here():
    x = Tensor(np.zeros((2, 3, 4)))
    with pytest.raises(ValueError, match=r"write x\.swapaxes\(0, 1\)"):
        x.transpose(0, 1)
    with pytest.raises(TypeError, match="not callable"):
        x.size()


@pytest.mark.parametrize("reduce", ["amax(1)", "max()"])
def test_ties(reduce):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is not needed, only agreed with")
    x, t = Tensor([[2.0, 2.0, 1.0]], requires_grad=True), torch.tensor([[2.0, 2.0, 1.0]], requires_grad=True)
    x.max().backward()
    eval(f"t.{reduce}.sum()", {"t": t}).backward()
    np.testing.assert_array_equal(x.grad, t.grad.numpy())
    t.grad = None
    t.max(1).values.sum().backward()
    assert sorted(t.grad.ravel().tolist()) == [0, 0, 1]
