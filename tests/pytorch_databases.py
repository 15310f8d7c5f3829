"""Counts how many cases of PyTorch's own data bases of tests give the same here. Needs PyTorch.

    python tests/pytorch_databases.py            the counts, for modules and for optimizers
    python tests/pytorch_databases.py -v nn.GELU the cases of one name that are not equal, with the reason

A case is an entry of `module_db` (a module, its arguments and its input, in training and in evaluation) or of
`optim_db` (an optimizer and its arguments; with its schedules; with a state that goes from PyTorch to here and back).
Values and gradients are compared in double precision. A case is

- equal, or different: the numbers are the same or not;
- refused: an error here, and none in PyTorch;
- missing: there is no such name here;
- left out: an error in PyTorch, complex or sparse numbers, another device, or random numbers in the result.
"""

from __future__ import annotations

import argparse
import sys
import types
import unittest
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from autograd_lite import Tensor, gelu, nn, optim

STEPS = 4
# Options that choose an implementation and do not change the numbers.
IMPLEMENTATIONS = {"foreach", "fused", "capturable", "differentiable"}


class Case(NamedTuple):
    """What became of a case."""

    name: str
    verdict: str
    reason: str


def databases() -> tuple[list[Any], list[Any]]:
    """PyTorch's `module_db` and `optim_db`; its test utilities import `expecttest`, which they do not need for this."""
    if "expecttest" not in sys.modules:
        stand_in: Any = types.ModuleType("expecttest")
        stand_in.TestCase = unittest.TestCase
        sys.modules["expecttest"] = stand_in
    from torch.testing._internal.common_modules import module_db
    from torch.testing._internal.common_optimizers import optim_db

    return module_db, optim_db


# -- conversion ------------------------------------------------------------------------------------------------------


def converted(value: Any) -> Any:
    """Tensors of PyTorch as tensors of this library, also in tuples, lists and dicts; a layer; an activation."""
    import torch

    if isinstance(value, torch.Tensor):
        return Tensor(value.detach().numpy().copy(), requires_grad=value.requires_grad)
    if isinstance(value, torch.nn.TransformerEncoderLayer):
        return encoder_layer(value)
    if value is torch.nn.functional.gelu:
        return gelu
    if isinstance(value, list | tuple):
        return type(value)(map(converted, value))
    return {key: converted(part) for key, part in value.items()} if isinstance(value, dict) else value


def encoder_layer(theirs: Any) -> nn.TransformerEncoderLayer:
    """The same layer here, with the same numbers."""
    attention = theirs.self_attn
    ours = nn.TransformerEncoderLayer(
        attention.embed_dim, attention.num_heads, theirs.linear1.out_features, theirs.dropout.p,
        theirs.activation.__name__, theirs.norm1.eps, attention.batch_first, theirs.norm_first,
        theirs.linear1.bias is not None, dtype=np.float64,
    )  # fmt: skip
    ours.load_state_dict({name: value.double() for name, value in theirs.state_dict().items()})
    return ours


def leaves(value: Any) -> Any:
    """The same with leaves in place of results of operations, so that PyTorch keeps their gradients."""
    import torch

    if isinstance(value, torch.Tensor):
        return value.detach().clone().requires_grad_(value.requires_grad)
    if isinstance(value, list | tuple):
        return type(value)(map(leaves, value))
    return {key: leaves(part) for key, part in value.items()} if isinstance(value, dict) else value


def tensors(value: Any) -> Iterator[Any]:
    """The tensors in nested results, those of PyTorch or of this library, in order."""
    if hasattr(value, "requires_grad"):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from tensors(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from tensors(part)


def array(value: Any) -> Any:
    return value.detach().numpy() if hasattr(value, "detach") else np.asarray(value)


def compare(what: str, ours: Any, theirs: Any) -> None:
    """AssertionError unless both are close."""
    assert (ours is None) == (theirs is None), f"{what}: {'none here' if ours is None else 'none in PyTorch'}"
    if ours is not None:
        np.testing.assert_allclose(array(ours), array(theirs), rtol=1e-7, atol=1e-9, err_msg=what)


# -- modules ---------------------------------------------------------------------------------------------------------


def module_cases(module_db: list[Any]) -> Iterator[Case]:
    import torch

    for info in module_db:
        for training in (True, False):
            torch.manual_seed(0)
            for given in info.module_inputs_func(
                info, device="cpu", dtype=torch.float64, requires_grad=True, training=training
            ):
                yield judged(info.name, lambda given=given, info=info, training=training: run_module(
                    info, given, training), hasattr(nn, info.name.removeprefix("nn.")))  # fmt: skip


class LeftOutError(Exception):
    """The case says nothing about this library."""


def judged(name: str, run: Callable[[], None], exists: bool) -> Case:
    """Run a case."""
    try:
        run()
    except LeftOutError as error:
        return Case(name, "left out", str(error))
    except AssertionError as error:
        return Case(name, "different", " ".join(str(error).split())[:300])
    except Exception as error:
        if not exists:
            return Case(name, "missing", "")
        return Case(name, "refused", f"{type(error).__name__}: {error}"[:300])
    return Case(name, "equal", "")


def run_module(info: Any, given: Any, training: bool) -> None:
    import torch

    arguments, options = given.constructor_input.args, dict(given.constructor_input.kwargs)
    try:
        theirs = info.module_cls(*arguments, **options).double().train(training)
        inputs = given.forward_input
        inputs.args, inputs.kwargs = leaves(inputs.args), leaves(inputs.kwargs)
        out = theirs(*inputs.args, **inputs.kwargs)
        if training and any(getattr(part, "dropout", 0) or 0 for part in theirs.modules() if not callable(
                getattr(part, "dropout", 0))):  # fmt: skip
            raise LeftOutError("draws random numbers")
        again = theirs(*inputs.args, **inputs.kwargs)
        if not all(torch.equal(a, b) for a, b in zip(tensors(out), tensors(again), strict=True)) and training:
            raise LeftOutError("draws random numbers")
    except LeftOutError:
        raise
    except Exception as error:
        raise LeftOutError(f"PyTorch: {error}") from error
    if "dtype" in options:
        options["dtype"] = np.float64
    options.pop("device", None)
    ours = getattr(nn, info.name.removeprefix("nn."))(*converted(arguments), **converted(options))
    ours = ours.astype(np.float64).train(training)
    fresh = info.module_cls(*arguments, **given.constructor_input.kwargs).double().train(training)
    fresh.load_state_dict(theirs.state_dict())
    assert list(ours.state_dict()) == list(fresh.state_dict()), "other names in the state"
    ours.load_state_dict(fresh.state_dict())
    check_module(ours, fresh, given.forward_input)


def check_module(ours: Any, theirs: Any, inputs: Any) -> None:
    """Results and all gradients."""
    import torch

    arguments, options = converted(inputs.args), converted(inputs.kwargs)
    own, expected = ours(*arguments, **options), theirs(*inputs.args, **inputs.kwargs)
    pairs = list(zip(tensors(own), tensors(expected), strict=True))
    rng, total, goal = np.random.default_rng(0), None, None
    for mine, other in pairs:
        compare("result", mine, other)
        if other.requires_grad:
            g = rng.normal(size=tuple(other.shape))
            total = (mine * g).sum() + (0 if total is None else total)
            goal = (other * torch.from_numpy(np.asarray(g))).sum() + (0 if goal is None else goal)
    if goal is None:
        return
    leaves = [other for other in tensors([*inputs.args, inputs.kwargs]) if other.requires_grad]
    for other in leaves:
        other.grad = None
    goal.backward()
    assert total is not None
    total.backward()
    for mine, other in zip(tensors([*arguments, options]), tensors([*inputs.args, inputs.kwargs]), strict=True):
        if other.requires_grad:
            compare("gradient of the input", mine.grad, other.grad)
    for (name, mine), (_, other) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        compare(f"gradient of {name}", mine.grad, other.grad)


# -- optimizers ------------------------------------------------------------------------------------------------------


def optimizer_cases(optim_db: list[Any]) -> Iterator[Case]:
    for info in optim_db:
        name = info.optim_cls.__name__
        for given in info.optim_inputs_func("cpu"):
            options = {key: value for key, value in given.kwargs.items() if key not in IMPLEMENTATIONS}
            for what, run in (("", run_steps), (": state", run_states)):
                yield judged(
                    f"optim.{name}{what}",
                    lambda run=run, info=info, options=options: run(info.optim_cls, options),
                    hasattr(optim, name),
                )
        for schedules in info.scheduler_inputs:
            yield judged(
                f"optim.{name}: schedules",
                lambda info=info, schedules=schedules: run_schedules(info.optim_cls, schedules),
                hasattr(optim, name),
            )


class Pair:
    """The same parameters here and in PyTorch, with their optimizers."""

    def __init__(self, kind: Any, options: dict[str, Any]) -> None:
        import torch

        self.rng, self.kind, self.options = np.random.default_rng(0), kind, options
        values = [self.rng.normal(size=shape) for shape in ((3, 2), (2,))]
        self.own = [nn.Parameter(value) for value in values]
        self.other = [torch.nn.Parameter(torch.from_numpy(value.copy())) for value in values]
        try:
            self.theirs = kind(self.other, **options)
        except Exception as error:
            raise LeftOutError(f"PyTorch: {error}") from error
        self.ours = self.made()

    def made(self) -> Any:
        return getattr(optim, self.kind.__name__)(self.own, **converted(self.options))

    def step(self) -> None:
        """A step of both with the same gradients; of a quadratic function for those that call a closure."""
        import torch

        gs = [self.rng.normal(size=tensor.shape) for tensor in self.own]

        def closure(params: Any, optimizer: Any, numbers: Any) -> Any:
            optimizer.zero_grad()
            loss = sum(((p - numbers(g)) ** 2).sum() for p, g in zip(params, gs, strict=True))
            loss.backward()
            return loss

        if self.kind.__name__ == "LBFGS":
            self.theirs.step(lambda: closure(self.other, self.theirs, torch.from_numpy))
            self.ours.step(lambda: closure(self.own, self.ours, np.asarray))
        else:
            for mine, other, g in zip(self.own, self.other, gs, strict=True):
                mine.grad, other.grad = g, torch.from_numpy(g.copy())
            try:
                self.theirs.step()
            except Exception as error:
                raise LeftOutError(f"PyTorch: {error}") from error
            self.ours.step()
        for mine, other in zip(self.own, self.other, strict=True):
            compare("parameters", mine, other)


def run_steps(kind: Any, options: dict[str, Any]) -> None:
    pair = Pair(kind, options)
    for _ in range(STEPS):
        pair.step()


def run_states(kind: Any, options: dict[str, Any]) -> None:
    """A state of PyTorch is loaded in the middle of the training, and one from here into PyTorch."""
    import torch

    pair = Pair(kind, options)
    for _ in range(2):
        pair.step()
    pair.ours = pair.made()
    pair.ours.load_state_dict(pair.theirs.state_dict())
    pair.step()
    state = pair.ours.state_dict()
    if hasattr(optim, "to_pytorch"):
        state = optim.to_pytorch(state)
    pair.theirs = kind(pair.other, **options)
    pair.theirs.load_state_dict(_for_pytorch(state, torch))
    pair.step()


def _for_pytorch(value: Any, torch: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return torch.from_numpy(np.array(value))
    if isinstance(value, dict):
        return {key: _for_pytorch(part, torch) for key, part in value.items()}
    return type(value)(_for_pytorch(part, torch) for part in value) if isinstance(value, list | tuple) else value


def run_schedules(kind: Any, makers: list[Any]) -> None:
    pair = Pair(kind, {"lr": 0.01})
    theirs = [make(pair.theirs) for make in makers]
    ours = [
        types.FunctionType(make.__code__, vars(optim.lr_scheduler), closure=make.__closure__)(pair.ours)
        for make in makers
    ]
    for step in range(STEPS * 3):
        pair.step()
        for mine, other in zip(ours, theirs, strict=True):
            measure = (1.0 + step,) if type(other).__name__ == "ReduceLROnPlateau" else ()
            mine.step(*measure)
            other.step(*measure)
        compare("rate", pair.ours.param_groups[0]["lr"], float(pair.theirs.param_groups[0]["lr"]))


# -- the report ------------------------------------------------------------------------------------------------------

VERDICTS = ("equal", "different", "refused", "missing", "left out")


def report(title: str, cases: list[Case], shown: str | None) -> None:
    counts = Counter(case.verdict for case in cases)
    print(f"{title}: {len(cases)} cases, " + ", ".join(f"{counts[verdict]} {verdict}" for verdict in VERDICTS))
    by_name: dict[str, Counter[str]] = defaultdict(Counter)
    for case in cases:
        by_name[case.name][case.verdict] += 1
    for name, own in by_name.items():
        if set(own) - {"equal", "left out"}:
            print(f"  {name}: " + ", ".join(f"{own[verdict]} {verdict}" for verdict in VERDICTS if own[verdict]))
    for case in cases:
        if shown and case.name.startswith(shown) and case.verdict not in ("equal",):
            print(f"    {case.name} {case.verdict}: {case.reason}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("-v", "--verbose", metavar="NAME", help="print the reasons for names that begin with this")
    shown = parser.parse_args().verbose
    warnings.simplefilter("ignore")
    module_db, optim_db = databases()
    report("modules", list(module_cases(module_db)), shown)
    report("optimizers and schedules", list(optimizer_cases(optim_db)), shown)


if __name__ == "__main__":
    main()
