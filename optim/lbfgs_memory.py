"""What L-BFGS keeps of earlier iterations: the direction that follows from it, and its state in PyTorch's form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from autograd_lite.ops.composition import naming
from autograd_lite.optim.group import plain
from autograd_lite.support.checks import check_integer
from autograd_lite.support.conversion import NumberArray, as_state
from autograd_lite.support.exact import fault
from autograd_lite.support.messages import show


@dataclass
class Memory:
    """What is known of earlier iterations, under PyTorch's names; vectors hold all parameters end to end."""

    func_evals: int = 0
    n_iter: int = 0
    d: NumberArray | None = None  # the latest direction
    t: float | None = None  # the latest step along it
    old_dirs: list[NumberArray] = field(default_factory=list)  # changes y of the gradient, the latest one last
    old_stps: list[NumberArray] = field(default_factory=list)  # changes s of the parameters
    ro: list[float] = field(default_factory=list)  # 1/(yᵀs)
    H_diag: float = 1.0
    prev_flat_grad: NumberArray | None = None
    prev_loss: float | None = None

    def remember(self, gradient: NumberArray, size: int) -> None:
        """Add the latest change of the gradient, if the function curves upwards along it."""
        assert self.prev_flat_grad is not None
        assert self.d is not None
        assert self.t is not None
        y, s = gradient - self.prev_flat_grad, self.d * self.t
        curvature = float(y @ s)
        if curvature > 1e-10:
            for latest, value in ((self.old_dirs, y), (self.old_stps, s), (self.ro, 1 / curvature)):
                latest.append(value)  # type: ignore[arg-type]
                del latest[:-size]
            self.H_diag = curvature / float(y @ y)

    def direction(self, gradient: NumberArray) -> NumberArray:
        """−H g, where H is the estimate of the inverse of the Hessian (Nocedal and Wright, algorithm 7.4)."""
        d, factors = -gradient, []
        pairs = list(zip(self.old_dirs, self.old_stps, self.ro, strict=True))
        for y, s, rho in reversed(pairs):
            factors.append(rho * float(s @ d))
            d -= factors[-1] * y
        d *= self.H_diag
        for (y, s, rho), factor in zip(pairs, reversed(factors), strict=True):
            d += (factor - rho * float(y @ d)) * s
        return d


_COUNTS, _NUMBERS, _VECTORS = ("func_evals", "n_iter"), ("t", "H_diag", "prev_loss"), ("d", "prev_flat_grad")
_LISTS = {"old_dirs": _VECTORS, "old_stps": _VECTORS, "ro": _NUMBERS}


def loaded(state: Any, like: NumberArray) -> Memory:
    """The memory that a state holds, checked, for gradients as `like`."""
    if not isinstance(state, Mapping) or not set(state) <= {0}:
        raise ValueError(f"load_state_dict: the state has one entry, of the number 0, not {show(state)}")
    given = state.get(0, {})
    if not isinstance(given, Mapping):
        raise ValueError(f"load_state_dict: entry 0 must be a dict, not {show(given)}")
    entry = {name: value for name, value in given.items() if name != "al"}  # PyTorch's work space
    expected = {*asdict(Memory())} if entry.get("n_iter") else {*_COUNTS} if entry else set()
    if set(entry) != expected:
        missing, unknown = sorted(expected - set(entry)), sorted(map(str, set(entry) - expected))
        raise ValueError(f"load_state_dict: entry 0 lacks {missing}, and has the unknown names {show(unknown)}")
    made: dict[str, Any] = {}
    for name, value in entry.items():
        with naming(f"load_state_dict: {name}"):
            if name in _COUNTS:
                check_integer(name, plain(value), 0)
                made[name] = int(value)
            elif name in _LISTS:
                if not isinstance(value, list | tuple):
                    raise ValueError(f"must be a list, not {show(value)}")
                made[name] = [_checked(part, like, _LISTS[name] is _VECTORS) for part in value]
            else:
                made[name] = _checked(value, like, name in _VECTORS)
    if len({len(made.get(name, ())) for name in _LISTS}) > 1:
        raise ValueError("load_state_dict: old_dirs, old_stps and ro differ in length")
    return Memory(**made)


def _checked(value: Any, like: NumberArray, is_vector: bool) -> Any:
    array = as_state(value)
    shape = like.shape if is_vector else ()
    lost = fault(value, array, like.dtype) if is_vector else ""
    if array.shape != shape or lost:
        raise ValueError(lost or f"shape {array.shape}, expected {shape}")
    return array.astype(like.dtype) if is_vector else float(array)
