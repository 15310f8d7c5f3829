"""Two equal environments, in one of which a step is compiled: whatever changes between two calls, they stay equal.

An environment is a network, an optimizer, a schedule, and Python objects around them: numbers, dictionaries, lists,
objects, plain arrays, helper functions. A step is drawn from features that read some of them; events change them.
"""

import random
from types import SimpleNamespace

import numpy as np
from compiler.agreement import IS_NATIVE, agree

from autograd_lite import CompileError, Tensor, compile, nn, no_grad, optim
from autograd_lite.random import generator

ACTIVATIONS = {
    "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "leaky": lambda: nn.LeakyReLU(0.1),
    "softplus": nn.Softplus, "dropout": lambda: nn.Dropout(0.3), "own dropout": lambda: nn.Dropout(0.3, rng=5),
    "batch norm": lambda: nn.BatchNorm1d(4),    "layer norm": lambda: nn.LayerNorm(4),
}  # fmt: skip
OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.05),
    "momentum": lambda p: optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.01),
    "Adam": lambda p: optim.Adam(p, lr=0.02),
    "AdamW": lambda p: optim.AdamW(p, lr=0.02),
    "RMSprop": lambda p: optim.RMSprop(p, lr=0.01),
    "Adagrad": lambda p: optim.Adagrad(p, lr=0.05),
}
SCHEDULES = {
    "none": None,
    "step": lambda o: optim.lr_scheduler.StepLR(o, 3, gamma=0.7),
    "exponential": lambda o: optim.lr_scheduler.ExponentialLR(o, 0.95),
    "cosine": lambda o: optim.lr_scheduler.CosineAnnealingLR(o, 7),
    "lambda": lambda o: optim.lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + t / 5)),
    "plateau": lambda o: optim.lr_scheduler.ReduceLROnPlateau(o, patience=1),
}


class Settings:
    """An object with attributes that a step reads."""

    def __init__(self):
        self.factor, self.name, self.limits = 1.5, "a", [0.5, 2.0]

    def scaled(self, x):
        return x * self.factor


class Environment:
    """Everything that a step can depend on, made from a seed."""

    def __init__(self, choices):
        np_rng = np.random.default_rng(choices.seed)
        # The gradient of a bias before batch norm is 0 but for rounding, and an optimizer that divides by the size of a
        # gradient turns it into changes of any sign: no two ways of rounding agree about it.
        bias = not (IS_NATIVE and choices.activation == "batch norm")
        first = nn.Linear(3, 4, bias=bias, rng=choices.seed)
        self.layers = [first, ACTIVATIONS[choices.activation](), nn.Linear(4, 2, rng=1)]
        self.model = nn.Sequential(*self.layers)
        self.optimizer = OPTIMIZERS[choices.optimizer](self.model.parameters())
        make = SCHEDULES[choices.schedule]
        self.schedule = make and make(self.optimizer)
        self.number, self.settings, self.options = 2.0, Settings(), {"scale": 0.5, "power": 2}
        self.stages = [lambda x: x * 1.0]
        self.offsets = np_rng.normal(size=2).astype(np.float32)
        self.places = [0, 1, 1]
        self.helper = lambda x: x + 1
        self.extra = Tensor(np.ones(2, np.float32), requires_grad=True)
        self.total = np.zeros(2, np.float32)
        self.common = np.random.default_rng(choices.seed).bit_generator.state
        self.step = self.made_step(choices)

    def made_step(self, choices):
        model, optimizer, schedule, env = self.model, self.optimizer, self.schedule, self
        number, settings, options, stages = self.number, self.settings, self.options, self.stages
        offsets, places, total, features = self.offsets, self.places, self.total, choices.features

        def step(x, y, factor=1.0, mode="plain"):
            optimizer.zero_grad()
            out = model(x)
            if "helper" in features:
                out = env.helper(out)
            if "number" in features:
                out = out * env.number + number
            if "settings" in features:
                out = settings.scaled(out) * settings.limits[0]
            if "options" in features:
                out = out * options["scale"] if options["power"] == 2 else out * out
            if "stages" in features:
                for stage in stages:
                    out = stage(out)
            if "offsets" in features:
                out = out + offsets
            if "doubled offsets" in features:
                out = out + 2 * offsets
            if "places" in features:
                out = out[:, places[:2]]
            if "factor" in features:
                out = out * factor if factor > 0.5 else out - factor
            if "mode" in features:
                out = -out if mode == "minus" else out
            if "one hot" in features:
                out = out + np.eye(2, dtype=np.float32)[np.argmax(x[:, :2], axis=1)]
            loss = ((out - y) ** 2).mean()
            if "selected" in features:
                loss = loss + (out[y > 0] ** 2).sum()
            loss.backward()
            if "clip" in features:
                nn.utils.clip_grad_norm_(list(model.parameters()), options["scale"])
            if "total" in features:
                np.add(total, out.detach().numpy().mean(axis=0), out=total)
            optimizer.step()
            if schedule is not None:
                schedule.step(loss.detach()) if choices.schedule == "plateau" else schedule.step()
            if "rate" in features:
                with no_grad():
                    env.model[0].weight.data -= optimizer.param_groups[0]["lr"] * 0.1
            return (loss, out) if "outputs" in features else loss

        return step

    def state(self):
        """Everything that must be equal in two environments."""
        parameters = list(self.model.parameters())
        arrays = [p.data.copy() for p in parameters] + [b.data.copy() for b in self.model.buffers()]
        arrays += [np.zeros(0) if p.grad is None else np.array(p.grad) for p in parameters]
        arrays += [self.total.copy(), self.extra.data.copy()]
        saved = self.optimizer.state_dict()
        for _, entry in sorted(saved["state"].items()):
            arrays += [np.asarray(value) for _, value in sorted(entry.items())]
        arrays.append(np.array([group["lr"] for group in self.optimizer.param_groups]))
        arrays.append(np.array([0 if self.schedule is None else self.schedule.last_epoch]))
        return arrays


FEATURES = [
    "helper", "number", "settings", "options", "stages", "offsets", "doubled offsets", "places", "factor", "mode",
    "one hot", "selected", "clip", "total", "rate", "outputs",
]  # fmt: skip


def drawn_choices(rng):
    return SimpleNamespace(
        seed=rng.randrange(100),
        activation=rng.choice(sorted(ACTIVATIONS)),
        optimizer=rng.choice(sorted(OPTIMIZERS)),
        schedule=rng.choice(["none", "none", *sorted(SCHEDULES)]),
        features=frozenset(rng.sample(FEATURES, rng.randint(0, 5))),
    )


# -- events: each receives an environment and numbers that are the same for both ----------------------------------


def _set(owner, name):
    def event(env, value):
        target = env if owner is None else getattr(env, owner)
        setattr(target, name, value) if not isinstance(target, dict) else target.__setitem__(name, value)

    return event


def _freeze(env, value):
    layer = env.model[0]
    layer.requires_grad_(not layer.weight.requires_grad)
    env.model.zero_grad()


def _replace_activation(env, value):
    env.model[1] = nn.LeakyReLU(value)


def _reload_optimizer(env, value):
    saved = env.optimizer.state_dict()
    for number, entry in saved["state"].items():
        if number % 2:
            entry["step"] = int(10 * value) + 1
    env.optimizer.load_state_dict(saved)


def _add_group(env, value):
    if len(env.optimizer.param_groups) == 1:
        env.optimizer.add_param_group({"params": [env.extra], "lr": value / 10})


def _load_parameters(env, value):
    state = env.model.state_dict()
    scaled = {name: a * a.dtype.type(1 + value / 10) for name, a in state.items() if a.dtype.kind == "f"}
    env.model.load_state_dict({**state, **scaled})


EVENTS = {
    "learning rate": lambda w, v: w.optimizer.param_groups[0].__setitem__("lr", v / 10),
    "weight decay": lambda w, v: w.optimizer.param_groups[0].__setitem__("weight_decay", v if v > 0.5 else 0),
    "train or eval": lambda w, v: w.model.train(v > 0.5),
    "freeze": _freeze,
    "load parameters": _load_parameters,
    "load optimizer": _reload_optimizer,
    "number": _set(None, "number"),
    "the same number as an integer": lambda w, v: setattr(w, "number", int(w.number)),
    "factor": _set("settings", "factor"),
    "limits": lambda w, v: w.settings.limits.__setitem__(0, v),
    "scale": _set("options", "scale"),
    "power": lambda w, v: w.options.__setitem__("power", 2 if v > 0.5 else 3),
    "stage": lambda w, v: w.stages.append(lambda x: x * 0.5) if len(w.stages) < 3 else w.stages.pop(),
    "offsets": lambda w, v: w.offsets.__setitem__(0, v),
    "places": lambda w, v: w.places.__setitem__(0, int(v > 0.5)),
    "helper": lambda w, v: setattr(w, "helper", (lambda x: x - 1) if v > 0.5 else (lambda x: x * 2)),
    "replace the activation": _replace_activation,
    "slope": lambda w, v: setattr(w.model[1], "negative_slope", v),
    "momentum of batch norm": lambda w, v: setattr(w.model[1], "momentum", v),
    "write into a weight": lambda w, v: w.model[0].weight.data.__setitem__(0, v),
    "add a group": _add_group,
    "total": lambda w, v: w.total.fill(v),
}  # fmt: skip


def drawn_arguments(rng, world_choices, arrays):
    """The arguments of a call; sometimes of other shapes or dtypes, or parts of the same memory."""
    samples, dtype = rng.choice([5, 5, 5, 4]), rng.choice([np.float32] * 5 + [np.float64])
    x, y = arrays.normal(size=(samples, 3)).astype(dtype), arrays.normal(size=(samples, 2)).astype(dtype)
    if rng.random() < 0.1:
        y = x[:, :2]
    return (x, y), {"factor": rng.choice([0.25, 0.75, 1.0, 3.0]), "mode": rng.choice(["plain", "plain", "minus"])}


def same_bits(one, other):
    return len(one) == len(other) and all(
        a.dtype == b.dtype and a.shape == b.shape and agree(a, b, steps=30, itemsize=4)
        for a, b in zip(one, other, strict=True)
    )


def plain(result):
    return [np.asarray(part.data) for part in (result if isinstance(result, tuple) else (result,))]


def run(seed, steps):
    """Compare two environments for some steps; return the numbers of calls, refused calls, and events."""
    rng, counts = random.Random(seed), {"calls": 0, "refused": 0, "events": 0}
    while counts["calls"] < steps:
        choices, arrays = drawn_choices(rng), np.random.default_rng(rng.randrange(1000))
        ours, theirs = Environment(choices), Environment(choices)
        compiled, log = compile(ours.step), [vars(choices)]
        for _ in range(min(30, steps - counts["calls"])):
            if rng.random() < 0.4:
                name, value = rng.choice(sorted(EVENTS)), rng.random()
                log.append((name, value))
                counts["events"] += 1
                for env in ours, theirs:
                    EVENTS[name](env, value)
            args, kwargs = drawn_arguments(rng, choices, arrays)
            log.append(([a.shape for a in args], kwargs))
            counts["calls"] += 1
            source = generator().bit_generator
            before, state = source.state, ours.state()
            expected = plain(theirs.step(*args, **kwargs))
            after, source.state = source.state, before
            try:
                refusal, found = None, plain(compiled(*args, **kwargs))
            except CompileError as error:
                refusal = error
            if refusal is not None:
                counts["refused"] += 1
                assert same_bits(state, ours.state()), f"a refused call has changed something: {refusal}\n{log}"
                assert source.state == before, log
                found = plain(ours.step(*args, **kwargs))
            assert same_bits(found, expected), f"other results\n{log}"
            assert same_bits(ours.state(), theirs.state()), f"another state\n{log}"
            assert source.state == after, f"other random numbers\n{log}"
    return counts
