"""Words of PyTorch on tensors: each is an error that names the words here, and these give PyTorch's numbers."""

import numpy as np
import pytest

import autograd_lite
from autograd_lite import Tensor
from autograd_lite.support.pytorch_words import KEYWORDS, OF_THE_PACKAGE, ROWS, WORDS, instead_of

each_row = pytest.mark.parametrize("word", ROWS)
RNG = np.random.default_rng(0)
ARRAYS = {
    "x": RNG.uniform(0.1, 0.9, (2, 3)),
    "y": RNG.uniform(0.1, 0.9, (2, 3)),
    "A": RNG.normal(size=(3, 3)),
    "mask": np.array([[True, False, True], [False, False, True]]),
    "i": np.array([2, 0]),
    "j": np.array([[0, 2], [1, 1]]),
}
# Where PyTorch means something else, which docs/from_pytorch.md tells.
DIFFERENT = {"median": "the mean of the two middle values for an even number"}


def plain(value):
    """Numbers and lists of arrays, whatever the library."""
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return np.asarray(value.detach().numpy() if hasattr(value, "detach") else value)


def here(expression):
    names = {name: Tensor(array) if array.dtype == float else array for name, array in ARRAYS.items()}
    return eval(expression, {"np": np, "autograd_lite": autograd_lite, **names})


@pytest.mark.parametrize("word", WORDS)
def test_a_word_of_pytorch_is_an_error_that_says_what_to_write(word):
    for tensor in (Tensor([1.0]), autograd_lite.nn.Parameter([1.0])):
        assert not hasattr(tensor, word)
        assert word not in dir(tensor)
        with pytest.raises(AttributeError) as caught:
            getattr(tensor, word)
        assert str(caught.value).startswith(f"'{type(tensor).__name__}' object has no attribute '{word}': ")
        assert str(caught.value).endswith(WORDS[word])


@each_row
def test_what_the_error_says_works_here(word):
    here(ROWS[word][1])


def test_they_give_the_numbers_of_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is not needed, only agreed with")
    for word, (there, ours) in ROWS.items():
        names = {name: torch.from_numpy(array.copy()) for name, array in ARRAYS.items()}
        if word in DIFFERENT:
            assert hasattr(names["x"], word), word
            continue
        expected, found = plain(eval(there, {"torch": torch, **names})), plain(here(ours))
        for one, other in zip(found, expected, strict=True) if isinstance(found, list) else [(found, expected)]:
            np.testing.assert_allclose(one, other, rtol=1e-6, err_msg=word)
            assert one.dtype == other.dtype or one.ndim == 0, word


def test_every_word_is_one_of_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is not needed, only agreed with")
    assert [word for word in WORDS if not hasattr(torch.Tensor, word)] == []


@pytest.mark.parametrize("word", OF_THE_PACKAGE)
def test_a_word_of_the_package_torch_is_an_error_that_says_what_to_write(word):
    there, ours = OF_THE_PACKAGE[word]
    with pytest.raises(AttributeError) as caught:
        getattr(autograd_lite, word)
    assert str(caught.value) == f"module 'autograd_lite' has no attribute '{word}': write {ours} in place of {there}"
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is not needed, only agreed with")
    names = {name: torch.from_numpy(array) for name, array in ARRAYS.items()}
    np.testing.assert_array_equal(plain(here(ours)), plain(eval(there, {"torch": torch, **names})))


@pytest.mark.parametrize("word", ["unsqueeze", "gather", "bmm", "clamp", "randn", "from_numpy", "float32", "cuda"])
def test_words_on_tensors_are_known_of_the_package_too(word):
    assert not hasattr(autograd_lite, word)
    assert instead_of(word)


def test_a_name_that_is_no_word_of_pytorch_has_no_advice():
    with pytest.raises(AttributeError, match=r"^module 'autograd_lite' has no attribute 'speed'$"):
        _ = autograd_lite.speed


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (2, 1, 3, 4)])
def test_what_errors_say_of_flatten_and_transpose_gives_the_numbers_of_pytorch(shape):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is not needed, only agreed with")
    array = RNG.normal(size=shape)
    there, x = torch.from_numpy(array), Tensor(array)
    for start in (0, 1, -1):
        with pytest.raises(TypeError, match=r"flatten: .* write x.reshape") as caught:
            x.flatten(start)
        advice = str(caught.value).partition("write ")[2].rpartition(" (x:")[0]
        np.testing.assert_array_equal(eval(advice, {"x": x}), there.flatten(start))
    for axes in [(0, 1), (1, -1)] * (len(shape) > 2):
        with pytest.raises(ValueError, match=r"write x\.swapaxes") as caught:
            x.transpose(*axes)
        advice = str(caught.value).partition("write ")[2].rpartition(" (x:")[0]
        np.testing.assert_array_equal(eval(advice, {"x": x}), there.transpose(*axes))


def test_common_words_are_in_the_table():
    words = "view exp unsqueeze permute masked_fill numel dim clamp mm bmm t float long to cuda cpu expand gather topk"
    assert set(words.split()) <= WORDS.keys()


@pytest.mark.parametrize("keyword", KEYWORDS)
@pytest.mark.parametrize("name", ["sum", "mean", "var", "softmax", "median", "cumsum", "logsumexp"])
def test_a_keyword_of_pytorch_is_an_error_that_names_the_one_here(name, keyword):
    x = Tensor([[1.0, 2.0]])
    calls = [lambda: getattr(autograd_lite, name)(x, **{keyword: 1})]
    if hasattr(x, name):
        calls.append(lambda: getattr(x, name)(**{keyword: 1}))
    for call in calls:
        with pytest.raises(
            TypeError, match=f"^{name}.. got an unexpected keyword argument '{keyword}'; write "
        ) as caught:
            call()
        assert str(caught.value).endswith(KEYWORDS[keyword])


def test_another_keyword_is_pythons_error():
    with pytest.raises(TypeError, match=r"^sum\(\) got an unexpected keyword argument 'speed'$"):
        Tensor([1.0]).sum(speed=1)
