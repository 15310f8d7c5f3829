"""Which backend runs a program, when it changes, and what it says of itself."""

import warnings

import numpy as np
import pytest

from autograd_lite import Tensor, compile, nn, optim
from autograd_lite.compiler import backends

pytest.importorskip("numba", reason="native programs need numba")

X = np.random.default_rng(0).normal(size=(20, 6))
LABELS = np.arange(20) % 3


def assert_close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13)


@pytest.fixture(autouse=True)
def no_choice_by_environment(monkeypatch):
    monkeypatch.delenv("AUTOGRAD_LITE_BACKEND", raising=False)


def training_step(seed=0):
    model = nn.Sequential(nn.Linear(6, 5, rng=seed), nn.Tanh(), nn.Linear(5, 3, rng=seed))
    optimizer, criterion = optim.Adam(model.parameters(), lr=0.01), nn.CrossEntropyLoss()

    def step(x, labels):
        optimizer.zero_grad()
        loss = criterion(model(x), labels)
        loss.backward()
        optimizer.step()
        return loss

    return step, model


def run(backend, calls, **options):
    step, model = training_step()
    compiled = compile(step, backend=backend, **options)
    x = X.astype(np.float32)
    losses = [compiled(x, LABELS).item() for _ in range(calls)]
    return compiled, losses, [parameter.data.copy() for parameter in model.parameters()]


def test_native_code_runs_from_the_second_call_on():
    compiled, _, _ = run("native", 1)
    assert compiled.program.backend == "numpy"
    compiled, _, _ = run("native", 2)
    assert compiled.program.backend == "native"
    compiled, _, _ = run("native", 1, verify=False)
    assert compiled.program.backend == "native"


def test_auto_is_native_from_call_32_on_and_exact_until_then():
    compiled, losses, _ = run("auto", 31)
    assert compiled.program.backend == "numpy"
    assert losses == run("numpy", 31)[1]
    for options in ({}, {"audit": False}, {"audit": False, "verify": False}):
        assert run("auto", 31, **options)[0].program.backend == "numpy"
        assert run("auto", 33, **options)[0].program.backend == "native"


def test_a_training_gives_the_same_bits_in_each_run_and_those_of_numpy_to_rounding():
    _, losses, parameters = run("native", 60)
    _, again, same = run("native", 60)
    assert losses == again
    for one, other in zip(parameters, same, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(losses, run("numpy", 60)[1], rtol=1e-5)


def test_the_environment_overrides_the_argument(monkeypatch):
    monkeypatch.setenv("AUTOGRAD_LITE_BACKEND", "numpy")
    assert run("native", 3)[0].program.backend == "numpy"
    monkeypatch.setenv("AUTOGRAD_LITE_BACKEND", "native")
    assert run("numpy", 3)[0].program.backend == "native"


def test_unknown_names_and_a_missing_numba_are_errors(monkeypatch):
    with pytest.raises(ValueError, match="'auto', 'numpy' or 'native', not 'fast'"):
        compile(np.sin, backend="fast")
    monkeypatch.setattr(backends, "available", lambda: False)
    with pytest.raises(ImportError, match=r"autograd-lite\[native\]"):
        compile(np.sin, backend="native")
    assert backends.chosen_backend("auto") == "numpy"


def test_a_program_says_what_runs_and_why_calls_stay_calls():
    compiled = compile(lambda x: (np.sort(x, axis=0) * 2).sum(), backend="native")
    compiled(X), compiled(X)
    program = compiled.program
    assert program.backend == "native"
    assert any("sort" in reason for reason in program.reasons)
    assert "for i in range" in program.native_source
    assert "kernels" in repr(program)
    compiled = compile(lambda x: np.sort(x, axis=0), backend="native")
    compiled(X), compiled(X)
    assert compiled.program.backend == "numpy"
    assert compiled.program.native_source is None
    assert list(compiled.program.reasons) == ["none of its calls has loops"]


@pytest.mark.parametrize(
    ("shapes", "transposed", "reason"),
    [
        (((40, 12, 12), (40, 12, 12)), False, "a product for BLAS"),
        (((40, 12, 12), (40, 12, 12)), True, None),  # both factors are read along the axis of the sum
        (((40, 10, 10), (40, 10, 10)), False, None),
        (((40, 32, 1), (40, 1, 64)), False, None),  # an outer product
        (((12, 12), (12, 12)), False, None),
        (((17, 17), (17, 17)), False, "a product for BLAS"),
    ],
)
def test_products_go_where_they_are_faster(shapes, transposed, reason):
    x, y = (np.random.default_rng(0).normal(size=shape) for shape in shapes)
    compiled = compile(lambda x, y: np.exp(x) @ (y.swapaxes(-1, -2) if transposed else y), backend="native")
    for _ in range(3):
        assert_close(compiled(x, y), np.exp(x) @ (y.swapaxes(-1, -2) if transposed else y))
    assert any("a product for BLAS" in found for found in compiled.program.reasons) is (reason is not None)


def test_the_native_source_runs_by_itself():
    compiled = compile(lambda x, y: np.exp(-(x**2)) @ y + np.tanh(x).sum(axis=1), backend="native")
    y = np.linspace(-1, 1, 6)
    compiled(X, y), compiled(X, y)
    namespace = {}
    exec(compiled.program.native_source, namespace)
    function, _ = namespace["build"](numpy_program=None)
    assert_close(function(X, y)[0], np.exp(-(X**2)) @ y + np.tanh(X).sum(axis=1))


def test_calls_with_floating_point_errors_are_left_to_numpy_and_after_16_all_calls():
    compiled = compile(lambda x: np.exp(x) * 2, backend="native")
    compiled(X), compiled(X)
    large = np.full(X.shape, 1000.0)
    for _ in range(16):
        with pytest.warns(RuntimeWarning, match="overflow encountered in exp"):
            assert np.isinf(compiled(large)).all()
        assert compiled.program.backend == "native"
    with pytest.warns(RuntimeWarning, match="overflow encountered in exp"):
        compiled(large)
    assert compiled.program.backend == "numpy"
    assert_close(compiled(X), np.exp(X) * 2)


@pytest.mark.parametrize("rule", ["ignore", "raise"])
def test_errstate_decides_as_for_the_function(rule):
    parameter = Tensor(np.ones(6), requires_grad=True)
    optimizer = optim.SGD([parameter], lr=0.1)

    def step(x):
        optimizer.zero_grad()
        loss = np.log(x @ parameter).sum()
        loss.backward()
        optimizer.step()
        return loss

    compiled = compile(step, backend="native")
    compiled(np.abs(X)), compiled(np.abs(X))
    before = parameter.data.copy()
    with np.errstate(all=rule):
        if rule == "raise":
            with pytest.raises(FloatingPointError, match="divide by zero encountered in log"):
                compiled(np.zeros_like(X))
            np.testing.assert_array_equal(parameter.data, before)
        else:
            assert compiled(np.zeros_like(X)).item() == -np.inf


def test_an_audit_finds_kernels_that_are_wrong(monkeypatch):
    compiled = compile(lambda x: np.cosh(x) + 1, backend="native")
    compiled(X), compiled(X)
    steps, right = compiled.program.steps, compiled.program.steps._native
    steps._native = lambda *args: tuple(part + 0.1 for part in right(*args))
    with pytest.warns(UserWarning, match="the native program is not used any more"):
        result = compiled(X)
    assert compiled.program.backend == "numpy"
    np.testing.assert_array_equal(result, np.cosh(X) + 1)


def test_a_float64_result_may_have_the_rounding_of_the_float32_numbers_that_it_is_made_of():
    weights = Tensor(np.ones(1000, np.float32), requires_grad=True)

    def step(x, other):
        weights.grad = None
        loss = np.exp(x * weights).sum() - other  # nearly 0, so that the rounding of the sum is all of it
        loss.backward()
        return loss

    compiled, x = compile(step, backend="native"), np.random.default_rng(0).normal(size=1000).astype(np.float32)
    for _ in range(8):  # calls 3, 4 and 8 are audited
        result = compiled(x, np.exp(x.astype(np.float64)).sum())
    assert result.dtype == np.float64
    assert compiled.program.backend == "native"


def test_a_label_out_of_range_is_the_error_of_the_function_and_changes_nothing():
    step, model = training_step()
    compiled, x = compile(step, backend="native"), X.astype(np.float32)
    compiled(x, LABELS), compiled(x, LABELS)
    before = [parameter.data.copy() for parameter in model.parameters()]
    for wrong in (3, -1):
        with pytest.raises((ValueError, IndexError), match=r"label|class") as of_program:
            compiled(x, np.where(LABELS == 2, wrong, LABELS))
        with pytest.raises((ValueError, IndexError), match=r"label|class") as of_function:
            step(x, np.where(LABELS == 2, wrong, LABELS))
        assert str(of_program.value) == str(of_function.value)
    for parameter, values in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(parameter.data, values)


def test_another_branch_inside_an_operation_is_taken_by_numpy():
    norm = nn.LayerNorm(6, dtype=np.float64)
    compiled = compile(lambda x: norm(x), backend="native")
    compiled(X), compiled(X)
    assert compiled.program.backend == "native"
    huge = X * 1e160  # its squares overflow
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_close(compiled(huge).data, norm(huge).data)
