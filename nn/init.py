"""Initial values of parameters. Every function fills a tensor in place and returns it.

Random numbers come from `rng`, a numpy.random.Generator or a seed, which is also called `generator`, as in PyTorch; by
default from the common generator (see `manual_seed`).

The fan-in of a weight (out, in, ...) is the number of inputs of one output, `in` times the product of the other axes.
The fan-out is `out` times that product.

Sources: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010); He,
Zhang, Ren and Sun, "Delving deep into rectifiers" (2015).
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias, TypeVar

import numpy as np

from autograd_lite.core.tensor import Tensor
from autograd_lite.core.writes import overwrite
from autograd_lite.ops.composition import composed
from autograd_lite.random import generator as source
from autograd_lite.support.checks import check, check_at_least_0, is_number
from autograd_lite.support.conversion import as_numbers
from autograd_lite.support.messages import show

AnyTensor = TypeVar("AnyTensor", bound=Tensor)
Rng: TypeAlias = "np.random.Generator | int | None"


def _checked(tensor: AnyTensor) -> AnyTensor:
    """The tensor; checked before anything is drawn, so that a wrong call leaves the generator unchanged."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"only tensors are initialised, not {type(tensor).__name__}")
    if tensor.dtype.kind != "f":
        raise TypeError(f"only floating-point tensors are initialised, not {tensor.dtype}")
    return tensor


def _one_of(rng: Rng, generator: Rng) -> Rng:
    """The source of random numbers, under this library's name or PyTorch's."""
    if rng is not None and generator is not None:
        raise TypeError("rng and generator are two names of one option; pass one of them")
    return generator if rng is None else rng


def _fill(tensor: AnyTensor, values: Any) -> AnyTensor:
    overwrite(tensor.data, np.broadcast_to(as_numbers(values), tensor.shape).astype(tensor.dtype), "init")
    return tensor


@composed
def constant_(tensor: AnyTensor, val: float) -> AnyTensor:
    """Every element `val`.

    Examples
    --------
    >>> constant_(Tensor([1.0, 2.0]), 0.5)
    Tensor([0.5, 0.5])
    """
    return _fill(_checked(tensor), val)


@composed
def zeros_(tensor: AnyTensor) -> AnyTensor:
    """Every element 0."""
    return _fill(_checked(tensor), 0)


@composed
def ones_(tensor: AnyTensor) -> AnyTensor:
    """Every element 1."""
    return _fill(_checked(tensor), 1)


@composed
def uniform_(tensor: AnyTensor, a: float = 0.0, b: float = 1.0, *, rng: Rng = None, generator: Rng = None) -> AnyTensor:
    """Uniform on [a, b).

    Examples
    --------
    >>> bool((uniform_(Tensor([0.0, 0.0]), 2, 3) >= 2).all())
    True
    """
    check("uniform_", "a finite number", math.isfinite, a=a, b=b)
    if not a <= b:
        raise ValueError(f"a must be at most b, not {show(a)} and {show(b)}")
    return _fill(tensor, source(_one_of(rng, generator)).uniform(a, b, _checked(tensor).shape))


@composed
def normal_(
    tensor: AnyTensor, mean: float = 0.0, std: float = 1.0, *, rng: Rng = None, generator: Rng = None
) -> AnyTensor:
    """Normal with the given mean and standard deviation."""
    check("normal_", "a finite number", math.isfinite, mean=mean)
    check("normal_", "finite and at least 0", lambda value: 0 <= value < math.inf, std=std)
    return _fill(tensor, source(_one_of(rng, generator)).normal(mean, std, _checked(tensor).shape))


def _fans(tensor: Tensor) -> tuple[int, int]:
    if _checked(tensor).ndim < 2:
        raise ValueError(f"a weight has at least 2 axes, (out, in, ...), not the shape {tensor.shape}")
    receptive_field = math.prod(tensor.shape[2:])
    return max(tensor.shape[1] * receptive_field, 1), max(tensor.shape[0] * receptive_field, 1)


_GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2)}


@composed
def calculate_gain(nonlinearity: str, param: float = 0.01) -> float:
    """The factor that keeps the variance of signals through an activation.

    1 for "linear" and "sigmoid", 5/3 for "tanh", √2 for "relu", √(2/(1 + param²)) for "leaky_relu".

    Raises
    ------
    ValueError
        For any other name.

    Examples
    --------
    >>> calculate_gain("tanh")
    1.6666666666666667
    """
    if nonlinearity == "leaky_relu":
        check("calculate_gain", "a number", is_number, param=param)
        return math.sqrt(2 / (1 + param**2))
    if nonlinearity not in list(_GAINS):
        raise ValueError(
            f"no gain is known for {show(nonlinearity)}; there is one for {', '.join(_GAINS)} and leaky_relu"
        )
    return _GAINS[nonlinearity]


@composed
def xavier_uniform_(tensor: AnyTensor, gain: float = 1.0, *, rng: Rng = None, generator: Rng = None) -> AnyTensor:
    """Uniform on ±gain·√(6/(fan_in + fan_out)) (Glorot and Bengio 2010).

    Examples
    --------
    >>> bool((abs(xavier_uniform_(Tensor(np.zeros((3, 3))))) <= 1).all())
    True
    """
    check_at_least_0("xavier_uniform_", gain=gain)
    bound = gain * math.sqrt(6 / sum(_fans(tensor)))
    return uniform_(tensor, -bound, bound, rng=_one_of(rng, generator))


@composed
def xavier_normal_(tensor: AnyTensor, gain: float = 1.0, *, rng: Rng = None, generator: Rng = None) -> AnyTensor:
    """Normal with standard deviation gain·√(2/(fan_in + fan_out)) (Glorot and Bengio 2010)."""
    check_at_least_0("xavier_normal_", gain=gain)
    return normal_(tensor, 0, gain * math.sqrt(2 / sum(_fans(tensor))), rng=_one_of(rng, generator))


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f'mode must be "fan_in" or "fan_out", not {show(mode)}')
    return calculate_gain(nonlinearity, a) / math.sqrt(_fans(tensor)[mode == "fan_out"])


@composed
def kaiming_uniform_(
    tensor: AnyTensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: Rng = None,
    generator: Rng = None,
) -> AnyTensor:
    """Uniform on ±gain·√(3/fan) (He et al. 2015); `a` is the slope of the leaky ReLU.

    Examples
    --------
    >>> bool((abs(kaiming_uniform_(Tensor(np.zeros((3, 6))))) <= 1).all())
    True
    """
    bound = math.sqrt(3) * _kaiming_std(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, rng=_one_of(rng, generator))


@composed
def kaiming_normal_(
    tensor: AnyTensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: Rng = None,
    generator: Rng = None,
) -> AnyTensor:
    """Normal with standard deviation gain/√fan (He et al. 2015); `a` is the slope of the leaky ReLU."""
    return normal_(tensor, 0, _kaiming_std(tensor, a, mode, nonlinearity), rng=_one_of(rng, generator))


@composed
def eye_(tensor: AnyTensor) -> AnyTensor:
    """The identity, of a matrix: 1 on the diagonal and 0 elsewhere.

    Examples
    --------
    >>> eye_(Tensor(np.full((2, 3), 7.0)))
    Tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    if _checked(tensor).ndim != 2:
        raise ValueError(f"a matrix is needed, not the shape {tensor.shape}")
    return _fill(tensor, np.eye(tensor.shape[0], tensor.shape[1]))


@composed
def orthogonal_(tensor: AnyTensor, gain: float = 1, *, rng: Rng = None, generator: Rng = None) -> AnyTensor:
    """gain·Q with a random matrix Q whose rows, or columns if they are fewer, are orthonormal; uniformly distributed.

    Axes after the first one count as one.

    References
    ----------
    Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks"
    (2014); Mezzadri, "How to generate random matrices from the classical compact groups" (2007), for the signs.

    Examples
    --------
    >>> Q = orthogonal_(Tensor(np.zeros((2, 3))), rng=0)
    >>> np.allclose((Q @ Q.T).data, np.eye(2))
    True
    """
    check("orthogonal_", "a finite number", math.isfinite, gain=gain)
    if _checked(tensor).ndim < 2:
        raise ValueError(f"a weight has at least 2 axes, (out, in, ...), not the shape {tensor.shape}")
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    drawn = source(_one_of(rng, generator)).normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(drawn)
    q = q * np.where(np.diagonal(r) < 0, -1, 1)  # without this, Q would depend on how it was computed
    return _fill(tensor, gain * np.reshape(q.T if rows < columns else q, tensor.shape))


@composed
def trunc_normal_(
    tensor: AnyTensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    *,
    rng: Rng = None,
    generator: Rng = None,
) -> AnyTensor:
    """Normal with the given mean and standard deviation, on the condition that the value is in [a, b].

    Raises
    ------
    ValueError
        If `std` is not positive, or a is not below b.

    Examples
    --------
    >>> bool((abs(trunc_normal_(Tensor(np.zeros(100)), std=5.0)) <= 2).all())
    True
    """
    check("trunc_normal_", "a finite number", math.isfinite, mean=mean, a=a, b=b)
    check("trunc_normal_", "finite and above 0", lambda value: 0 < value < math.inf, std=std)
    if not a < b:
        raise ValueError(f"a must be below b, not {show(a)} and {show(b)}")
    size, low, high = _checked(tensor).size, (a - mean) / std, (b - mean) / std
    drawn = _truncated(source(_one_of(rng, generator)), size, low, high)
    values = np.clip(mean + std * drawn, a, b).astype(tensor.dtype)  # rounding can lead beyond the bounds
    return _fill(tensor, values.reshape(tensor.shape))


def _truncated(rng: Any, size: int, low: float, high: float) -> Any:
    """Standard normal numbers in [low, high] by rejection: of normal ones if most fit, else of uniform ones."""
    nearest = min(max(low, 0.0), high)  # where the density is largest
    reach = 40 / max(abs(nearest), 1)  # beyond this it is e⁻⁴⁰ of that, and less
    low, high = max(low, nearest - reach), min(high, nearest + reach)
    found, count = [np.empty(0)], 0
    while count < size:
        if low < -1 and high > 1:
            drawn = rng.normal(size=size)
            kept = drawn[(low <= drawn) & (drawn <= high)]
        else:
            drawn = rng.uniform(low, high, size)
            kept = drawn[rng.random(size) < np.exp((nearest**2 - drawn**2) / 2)]
        found.append(kept)
        count += kept.size
    return np.concatenate(found)[:size]
