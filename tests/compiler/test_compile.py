"""Compiled functions: the results of the function itself, a new recording where needed, or a clear error."""

import copy
import inspect
import io
import itertools
import re
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from compiler.agreement import agree, assert_agree
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import CompileError, Tensor, compile, diag, grad, manual_seed, nn, no_grad, optim

OPTIMIZERS = {
    "SGD": lambda p: optim.SGD(p, lr=0.1),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
    "Nesterov": lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "Adam": lambda p: optim.Adam(p, lr=0.01, weight_decay=0.1),
    "AdamW": lambda p: optim.AdamW(p, lr=0.01),
}
LOSSES = {"cross entropy": nn.CrossEntropyLoss(), "squared error": nn.MSELoss(), "binary": nn.BCEWithLogitsLoss()}


PLAIN = np.arange(4.0)


def network(widths, activation=nn.Sigmoid, seed=0):
    layers = []
    for width, following in itertools.pairwise(widths):
        layers += [nn.Linear(width, following, rng=seed), activation()]
    return nn.Sequential(*layers[:-1])


def training_step(model, optimizer, loss_function):
    def step(x, y):
        optimizer.zero_grad()
        loss = loss_function(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return step


def batch(rng, samples, model, loss_name="cross entropy"):
    inputs, outputs = model[0].in_features, model[-1].out_features
    x = rng.standard_normal((samples, inputs), np.float32)
    if loss_name == "cross entropy":
        return x, rng.integers(0, outputs, samples)
    return x, rng.random((samples, outputs), np.float32)


def assert_same_state(model, other):
    for ours, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert_agree(ours.data, theirs.data)
        assert_agree(ours.grad, theirs.grad)


def pair(widths=(4, 5, 3), optimizer="momentum", loss="cross entropy", activation=nn.Sigmoid):
    """A model with its plain step, and an equal one with its compiled step."""
    models = [network(widths, activation), network(widths, activation)]
    optimizers = [OPTIMIZERS[optimizer](model.parameters()) for model in models]
    steps = [training_step(m, o, LOSSES[loss]) for m, o in zip(models, optimizers, strict=True)]
    return models, optimizers, (steps[0], compile(steps[1]))


# -- the same numbers ------------------------------------------------------------------------------------------------


@given(
    widths=st.lists(st.integers(1, 6), min_size=2, max_size=4),
    samples=st.integers(1, 5),
    activation=st.sampled_from([nn.Sigmoid, nn.Tanh, nn.ReLU, nn.Softplus]),
    optimizer=st.sampled_from(sorted(OPTIMIZERS)),
    loss=st.sampled_from(sorted(LOSSES)),
    seed=st.integers(0, 100),
)
def test_a_compiled_training_step_is_the_step_to_the_last_bit(widths, samples, activation, optimizer, loss, seed):
    models, _, (plain, compiled) = pair(widths, optimizer, loss, activation)
    rng = np.random.default_rng(seed)
    for _ in range(5):
        x, y = batch(rng, samples, models[0], loss)
        assert_agree(compiled(x, y).data, plain(x, y).data)
        assert_same_state(*models)
    assert len(compiled.programs) == 1


def assert_equal_training(build, x, labels, calls=5):
    """`build()` returns a model and its optimizer; the plain and the compiled step run with the same seeds."""
    plain, compiled = (training_step(*made, nn.CrossEntropyLoss()) for made in (build(), build()))
    compiled = compile(compiled)
    for seed in range(calls):
        manual_seed(seed)
        expected = plain(x, labels).data
        manual_seed(seed)
        assert_agree(compiled(x, labels).data, expected)


class Last(nn.Module):
    """The last step of a sequence."""

    def forward(self, outputs):
        return outputs[0][:, -1]


LAYERS = {
    "embedding": lambda: [nn.Embedding(7, 4), nn.Flatten(), nn.Linear(12, 3)],
    "dropout": lambda: [nn.Embedding(7, 4), nn.Flatten(), nn.Dropout(0.5), nn.Linear(12, 3)],
    "batch norm": lambda: [nn.Embedding(7, 4), nn.Flatten(), nn.BatchNorm1d(12), nn.Linear(12, 3)],
    "convolution": lambda: [
        nn.Embedding(7, 4),
        nn.Conv1d(3, 2, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(8, 3),
    ],
    "GRU": lambda: [nn.Embedding(7, 4), nn.GRU(4, 3, batch_first=True), Last()],
    "LSTM": lambda: [nn.Embedding(7, 4), nn.LSTM(4, 3, batch_first=True), Last()],
    "layer norm": lambda: [nn.Embedding(7, 4), nn.Flatten(), nn.LayerNorm(12), nn.Linear(12, 3)],
}


def test_memory_that_a_later_view_reads_is_not_reused():
    """A regression: the gradient of the second kernel was computed from overwritten inputs of its windows."""

    def build():
        manual_seed(0)
        model = nn.Sequential(
            nn.Conv1d(2, 4, 3, padding=1), nn.SiLU(), nn.Conv1d(4, 9, 1), nn.Flatten(), nn.Linear(72, 3)
        )
        return model, optim.SGD(model.parameters(), lr=0.1)

    rng = np.random.default_rng(0)
    assert_equal_training(build, rng.random((5, 2, 8)).astype(np.float32), rng.integers(0, 3, 5), calls=6)


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("optimizer", [optim.SGD, optim.RMSprop, optim.Adagrad])
def test_every_kind_of_layer_and_optimizer(layers, optimizer):
    """A regression: a gradient that no call can write in place (of an embedding, the copy of a view) was lost."""

    def build():
        manual_seed(0)
        model = nn.Sequential(*layers())
        return model, optimizer(model.parameters(), lr=0.1)

    rng = np.random.default_rng(0)
    assert_equal_training(build, rng.integers(0, 7, (5, 3)), rng.integers(0, 3, 5))


def test_parameters_that_are_numbers():
    """A regression: their update used the gradient of the recorded call in every replay."""
    numbers = [Tensor(0.5, requires_grad=True), Tensor(0.5, requires_grad=True)]
    optimizers = [optim.SGD([w], lr=0.1) for w in numbers]

    def step_of(w, optimizer):
        def step(x, y):
            optimizer.zero_grad()
            loss = sum((w * a) * (w * b) for a, b in zip(x, y, strict=True))
            loss.backward()
            optimizer.step()
            return loss

        return step

    plain, compiled = (step_of(*pair) for pair in zip(numbers, optimizers, strict=True))
    compiled = compile(compiled)
    rng = np.random.default_rng(0)
    for _ in range(5):
        x, y = rng.random((2, 3))
        assert agree(compiled(x, y).item(), plain(x, y).item())
        x, y = x.tolist(), y.tolist()
        assert agree(compiled(x, y).item(), plain(x, y).item())
        assert agree(numbers[0].item(), numbers[1].item())


def test_gradients_that_are_reset_at_the_end_have_been_applied():
    models = [network((3, 4, 2)), network((3, 4, 2))]
    optimizers = [optim.SGD(model.parameters(), lr=0.1) for model in models]

    def step_of(model, optimizer):
        def step(x, y):
            nn.CrossEntropyLoss()(model(x), y).backward()
            optimizer.step()
            optimizer.zero_grad()

        return step

    plain, compiled = (step_of(*pair) for pair in zip(models, optimizers, strict=True))
    compiled = compile(compiled)
    for _ in range(4):
        x, y = batch(np.random.default_rng(0), 5, models[0])
        compiled(x, y), plain(x, y)
        for ours, theirs in zip(models[1].parameters(), models[0].parameters(), strict=True):
            assert_agree(ours.data, theirs.data)
            assert ours.grad is None


def test_other_shapes_and_dtypes_are_re_recorded():
    compiled = compile(lambda x: Tensor(x).sum())
    for x in np.ones((2, 3)), np.ones((3, 2)), np.ones((2, 3), np.float32), np.ones((3, 2)).T:
        for _ in range(3):
            assert compiled(x).item() == 6
            assert compiled(x).dtype == x.dtype
    assert len(compiled.programs) == 4


def test_numbers_among_the_arguments_may_change_and_switches_are_re_recorded():
    compiled = compile(lambda x, factor, power: x * factor**power)
    for factor in 1.0, 2.0, 3.0, 4.0:
        for power in 1, 2:
            assert_agree(compiled(np.arange(3.0), factor, power), np.arange(3.0) * factor**power)
    assert len(compiled.programs) == 2


def test_nested_arguments_and_results_keep_their_structure():
    compiled = compile(
        lambda pair, *, options: {"sum": pair[0] + pair[1], "rest": (options["scale"] * pair[0], "text")}
    )
    for i in range(4):
        x = np.full(2, float(i))
        result = compiled((x, Tensor(x + 1)), options={"scale": 2.0})
        assert isinstance(result["sum"], Tensor)
        assert result["rest"][1] == "text"
        assert_agree(result["sum"].data, 2 * x + 1)
        assert_agree(result["rest"][0], 2 * x)


def test_transforms_can_be_compiled():
    def f(x):
        return (np.tanh(x) ** 2).sum()

    compiled = compile(grad(grad(lambda x: f(x * x))))
    for x in 0.3, 0.5, 0.7:
        assert compiled(x) == grad(grad(lambda x: f(x * x)))(x)
    compiled = compile(grad(f))
    for i in range(4):
        x = np.linspace(-1, i, 5)
        assert_agree(compiled(x), grad(f)(x))


def test_a_compiled_function_in_another_and_under_a_gradient_is_part_of_it():
    square = compile(lambda x: x * x)
    outer = compile(lambda x: square(x) + 1)
    assert [outer(np.float64(x)).item() for x in (1, 2, 3)] == [2, 5, 10]
    assert grad(lambda x: square(x))(3.0) == 6


def test_methods_can_be_compiled():
    class Scaled:
        def __init__(self, scale):
            self.scale = Tensor(scale)

        @compile
        def times(self, x):
            return self.scale * x

    first, second = Scaled(2.0), Scaled(3.0)
    for x in 1.0, 2.0, 3.0:
        assert (first.times(np.array(x)).item(), second.times(np.array(x)).item()) == (2 * x, 3 * x)


def test_inputs_and_results_share_no_memory_with_the_program():
    compiled = compile(lambda x: (x, x + 1))
    results = [compiled(np.full(3, float(i))) for i in range(5)]
    for i, (same, more) in enumerate(results):
        assert_agree([same, more], [np.full(3, i), np.full(3, i + 1)])


# -- what may change between two calls ---------------------------------------------------------------------------------


def test_options_of_the_optimizer_may_change_between_calls():
    models, optimizers, (plain, compiled) = pair(optimizer="Adam")
    rng = np.random.default_rng(0)
    for i in range(12):
        for optimizer in optimizers:
            optimizer.param_groups[0]["lr"] = 0.1 / (i + 1)
            optimizer.param_groups[0]["weight_decay"] = 0.1 * (i % 4 > 1)
            optimizer.param_groups[0]["betas"] = (0.9, 0.99 - i / 100)
        x, y = batch(rng, 3, models[0])
        assert_agree(compiled(x, y).data, plain(x, y).data)
        assert_same_state(*models)
    assert len(compiled.programs) == 2  # with weight decay and without
    optimizers[1].param_groups[0]["lr"] = -1
    before = copy.deepcopy(models[1].state_dict())
    with pytest.raises(ValueError, match="lr"):
        compiled(x, y)
    np.testing.assert_equal(models[1].state_dict(), before)


def test_parameters_that_were_loaded_or_frozen_between_calls_are_detected():
    models, optimizers, (plain, compiled) = pair()
    rng = np.random.default_rng(0)
    for i in range(12):
        for model, optimizer in zip(models, optimizers, strict=True):
            if i == 3:
                model.load_state_dict({name: value * 0.5 for name, value in model.state_dict().items()})
            if i == 6:
                model[0].requires_grad_(False)
                model.zero_grad()
            if i == 9:
                model[0].requires_grad_(True)
                optimizer.load_state_dict(optimizer.state_dict())
        x, y = batch(rng, 3, models[0])
        assert_agree(compiled(x, y).data, plain(x, y).data)
        for ours, theirs in zip(models[1].parameters(), models[0].parameters(), strict=True):
            assert_agree(ours.data, theirs.data)
    assert optimizers[0].state_dict()["state"][0]["step"] == optimizers[1].state_dict()["state"][0]["step"]


def test_variables_around_the_function_may_be_replaced():
    scale = 2.0
    compiled = compile(lambda x: x * scale)
    assert [compiled(np.array(1.0)).item() for _ in range(3)] == [2, 2, 2]
    scale = 5.0
    assert compiled(np.array(1.0)).item() == 5


def test_training_and_evaluation_are_two_programs():
    model = nn.Sequential(nn.Dropout(0.5))
    compiled = compile(lambda x: model(x))
    x = np.ones(1000)
    for _ in range(3):
        model.train()
        assert set(np.unique(compiled(x))) == {0, 2}
        model.eval()
        assert set(np.unique(compiled(x))) == {1}
    assert len(compiled.programs) == 2


def test_random_numbers_are_drawn_afresh_and_as_by_the_function_itself():
    model = nn.Dropout(0.5)
    compiled = compile(lambda x: model(x))
    manual_seed(0)
    expected = [np.asarray(model(np.ones(50))) for _ in range(5)]
    manual_seed(0)
    actual = [np.asarray(compiled(np.ones(50))) for _ in range(5)]
    assert_agree(actual, expected)
    assert len({tuple(draw) for draw in actual}) == 5


# -- state that a call leaves ------------------------------------------------------------------------------------------


def test_gradients_are_left_as_the_function_leaves_them():
    w = Tensor([1.0, 2.0], requires_grad=True)

    @compile
    def loss_and_gradient(x, factor):
        w.zero_grad()
        loss = (factor * w * x).sum()
        loss.backward()
        return loss

    for i in range(5):
        loss_and_gradient(np.array([i, 1.0]), 3.0)
        assert_agree(w.grad, [3 * i, 3])

    @compile
    def and_forgets(x):
        (w * x).sum().backward()
        w.zero_grad()

    w.zero_grad()
    for _ in range(4):
        assert and_forgets(np.ones(2)) is None
        assert w.grad is None


def test_manual_updates_are_recorded():
    w = Tensor([1.0, 2.0], requires_grad=True)
    plain = [1.0, 2.0]

    @compile
    def step(x):
        w.zero_grad()
        (w * w * x).sum().backward()
        with no_grad():
            w.data -= 0.1 * w.grad

    for x in 1.0, 2.0, 3.0, 0.5:
        step(np.array(x))
        plain = [p - 0.1 * (2 * p * x) for p in plain]
        np.testing.assert_allclose(w.data, plain, rtol=1e-15)


def test_several_steps_of_an_optimizer_in_one_program_count_as_several():
    def doubled(model, optimizer):
        one = training_step(model, optimizer, nn.MSELoss())
        return lambda x, y: (one(x, y), one(x, y))[1]

    models = [network((2, 2)), network((2, 2))]
    optimizers = [optim.Adam(model.parameters()) for model in models]
    plain, compiled = doubled(models[0], optimizers[0]), compile(doubled(models[1], optimizers[1]))
    rng = np.random.default_rng(0)
    for _ in range(5):
        x, y = batch(rng, 3, models[0], "squared error")
        assert_agree(compiled(x, y).data, plain(x, y).data)
        assert_same_state(*models)


def test_an_eager_graph_detects_that_a_program_has_overwritten_its_values():
    models, _, (_, compiled) = pair()
    x, y = batch(np.random.default_rng(0), 3, models[0])
    for _ in range(3):
        compiled(x, y)
    output = models[1](x).sum()
    compiled(x, y)
    with pytest.raises(RuntimeError, match="changed in place"):
        output.backward()


def test_a_call_that_fails_changes_no_parameter_and_the_next_one_works():
    models, optimizers, (plain, compiled) = pair(optimizer="Adam")
    x, y = batch(np.random.default_rng(0), 3, models[0])
    for _ in range(3):
        compiled(x, y), plain(x, y)
    for _ in range(2):
        before = copy.deepcopy(models[1].state_dict())
        with pytest.raises(ValueError, match=r"classes|invalid"):
            compiled(x, y + 100)
        np.testing.assert_equal(models[1].state_dict(), before)
    assert_agree(compiled(x, y).data, plain(x, y).data)
    assert_same_state(*models)
    assert optimizers[1].state_dict()["state"][0]["step"] == 4


def test_an_array_that_the_function_makes_and_overwrites_starts_as_made_in_each_call():
    """A regression: the program kept the zeros that `diag` adds to, and the result grew from call to call."""
    compiled = compile(lambda x: diag(Tensor(x)))
    for i in range(5):
        assert_agree(compiled(np.full(3, float(i))).data, np.diag(np.full(3, float(i))))


def test_an_array_of_the_caller_is_read_and_written_in_place():
    total, weights = np.zeros(3), np.ones(3)

    @compile
    def add(x):
        np.add(total, x * weights, out=total)

    for i in range(1, 5):
        weights[:] = i
        add(np.ones(3))
        assert_agree(total, np.full(3, i * (i + 1) / 2))


# -- what is refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x if x.sum() > 0 else -x,
        lambda x: x * float(x[0]),
        lambda x: x * x.sum().item(),
        lambda x: x[: int(x[0])],
        lambda x: np.arange(4.0)[int(x[0])],
        lambda x: PLAIN[x > 0],
        lambda x: sum(x.tolist()),
        lambda x: np.array_equal(x, x),
        lambda x: 1.0 in x,
        lambda x: Tensor(x) if Tensor(x).sum() > 0 else x,
    ],
)  # fmt: skip
def test_python_that_depends_on_values_is_refused(function):
    with pytest.raises(CompileError, match=r"values|returns a bool"):
        compile(function)(np.ones(4))


def test_what_cannot_be_recorded_is_refused():
    rng, calls = np.random.default_rng(0), []

    def counting(x):
        calls.append(1)
        return x * len(calls)

    for function in counting, lambda x: x + rng.standard_normal(3), lambda x: x * np.random.rand():
        with pytest.raises(CompileError, match="would not repeat"):
            compile(function)(np.ones(3))
    clock = itertools.count()
    timed = compile(lambda x: x + time_of(clock))
    with pytest.raises(CompileError, match="changes a replay could not detect"):
        timed(np.ones(3))


def time_of(clock):
    return float(next(clock))


def test_equal_constants_that_the_function_makes_are_no_difference():
    compiled = compile(lambda x: x + np.arange(3))
    for i in range(4):
        assert_agree(compiled(np.full(3, float(i))), i + np.arange(3))
    assert len(compiled.programs) == 1


def test_gradients_from_before_the_call_are_refused():
    w = Tensor([1.0], requires_grad=True)
    step = compile(lambda x: (w * x).sum().backward())
    step(np.ones(1))
    with pytest.raises(CompileError, match="zero_grad"):
        step(np.ones(1))
    w.zero_grad()
    step(np.ones(1))


def test_changes_that_are_not_recorded_are_refused():
    hidden = np.zeros(3)

    def function(x):
        y = x + hidden
        hidden[0] += 1
        return y

    with pytest.raises(CompileError, match="changed during the call"):
        compile(function)(np.ones(3))


def test_use_of_a_tracer_after_the_recording_is_refused():
    kept = []
    with pytest.raises(CompileError, match=r"changes the variable 'kept'"):
        compile(lambda x: kept.append(Tensor(x) * 2))(np.ones(3))
    with pytest.raises(CompileError, match="let the function return"):
        kept[0] + 1
    with pytest.raises(CompileError, match="let the function return"):
        kept[0].sum().item()


def test_shuffling_in_place_and_objects_that_are_not_functions_are_refused():
    from autograd_lite.random import generator

    with pytest.raises(CompileError, match="permutation"):
        compile(lambda x: generator().shuffle(x))(np.ones(3))
    with pytest.raises(TypeError, match="function"):
        compile(3)


# -- looking at a program ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("widths", [(4, 5, 3), (400, 300, 10)])
def test_the_source_runs_by_itself_with_numpy_alone(widths):
    models, optimizers, (plain, compiled) = pair(widths, "Adam")
    rng = np.random.default_rng(0)
    for _ in range(3):
        x, y = batch(rng, 200, models[0])
        compiled(x, y), plain(x, y)
    program, namespace = compiled.program, {}
    assert "autograd" not in program.source
    exec(program.source, namespace)
    step, gradients = namespace["build"](**{name: array.copy() for name, array in program.arrays.items()})
    options = optimizers[1].param_groups[0]
    counts = [4 for name in inspect.signature(step).parameters if name.startswith("step")]  # one for each large array
    (loss,) = step(x, y, options["lr"], *options["betas"], options["eps"], options["weight_decay"], *counts)
    assert_agree(loss, plain(x, y).data)
    expected = {parameter.shape: parameter.grad for parameter in models[0].parameters()}
    assert len(gradients) == len(expected)
    for gradient in gradients:
        assert_agree(gradient, expected[gradient.shape])


def test_the_repr_of_a_program_has_its_length_and_its_memory():
    models, _, (_, compiled) = pair((40, 30, 20, 10))
    x, y = batch(np.random.default_rng(0), 50, models[0])
    compiled(x, y)
    plan = compiled.program.plan
    assert 0 < plan.nbytes < plan.unshared
    assert "NumPy calls" in repr(compiled.program)
    assert f"{plan.nbytes:,}" in repr(compiled.program)
    assert "1 program" in repr(compiled)


def test_products_are_written_directly_into_the_flat_gradient():
    models, _, (_, compiled) = pair()
    x, y = batch(np.random.default_rng(0), 3, models[0])
    compiled(x, y)
    assert "concatenate" not in compiled.program.source
    gradients = [parameter.grad for parameter in models[1].parameters()]
    assert all(np.shares_memory(gradient, gradients[0].base) for gradient in gradients)


def test_the_page_on_programs_runs():
    page = (Path(__file__).parents[2] / "docs" / "programs.md").read_text()
    training, loop = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    for text in (training, loop):
        namespace = {}
        with redirect_stdout(io.StringIO()) as printed:
            exec(text, namespace)
        assert "NumPy calls" in printed.getvalue()
        if text is training:
            assert namespace["losses"][-1] < namespace["losses"][0]
        else:
            assert_agree(namespace["g"], grad(namespace["loss"])(namespace["w"], namespace["xs"]))


def test_replacing_the_groups_of_an_optimizer_is_refused():
    optimizer = optim.SGD([Tensor(np.ones(3), requires_grad=True)], lr=0.1)
    groups = optimizer.param_groups

    def step(x):
        optimizer.param_groups = list(groups)
        return x * 2

    with pytest.raises(CompileError, match="param_groups"):
        compile(step)(np.ones(3))
    assert optimizer.param_groups is groups
