"""Loops of scan in programs: the numbers of the function itself, by a program that does not grow with the loop."""

import numpy as np
import pytest
from catalogue import CASES
from compiler.agreement import IS_NATIVE, assert_agree
from hypothesis import Phase, given, settings
from transforms.test_scan import LOOPS, XS, H, W, arrays, rnn, size

import autograd_lite
from autograd_lite import CompileError, Tensor, compile, grad, hessian, jacobian, nn, no_grad, optim, scan, vmap

# Operations that branch on values in Python.
REFUSED = {"average", "cov: with weights", "piecewise", "trim_zeros", "unique", "qr", "qr: r", "cond", "cond: sums"}


def assert_same(found, expected):
    found, expected = arrays(found), arrays(expected)
    assert [(a.shape, a.dtype) for a in found] == [(a.shape, a.dtype) for a in expected]
    for one, other in zip(found, expected, strict=True):
        assert_agree(one, other)


def check(function, *arguments, is_loop=True):
    """A compiled function returns what the function does, on these arguments and on others; the program."""
    compiled = compile(function)
    for factor in (1, 1, 1, 0.5, 0.75, 1):
        given = [a * factor if getattr(a, "dtype", np.int64(0).dtype).kind == "f" else a for a in arguments]
        assert_same(compiled(*given), function(*given))
    assert len(compiled.programs) == 1
    assert ("call_loop(" in compiled.program.source) == is_loop
    return compiled.program


@pytest.mark.parametrize(
    ("function", "reverse"),
    [*((loop, False) for loop in LOOPS), (rnn, True),
     *(pytest.param(loop, True, marks=pytest.mark.exhaustive) for loop in LOOPS if loop is not rnn)],
    ids=lambda value: getattr(value, "__name__", "backwards" if value else "forwards"),
)  # fmt: skip
def test_values_and_derivatives(function, reverse):
    def loss(w, h, xs):
        return size(function(scan, w, h, xs, reverse=reverse))

    check(lambda w, h, xs: function(scan, w, h, xs, reverse=reverse), W, H, XS)
    check(grad(loss, (0, 1, 2)), W, H, XS)
    check(grad(lambda w, h, xs: size(grad(loss, (0, 1, 2))(w, h, xs)), (0, 1, 2)), 0.5 * W, 0.5 * H, XS[:3])


@pytest.mark.parametrize(
    "transformed",
    [
        lambda w, h, xs: hessian(lambda h: size(rnn(scan, w, h, xs)))(h),
        lambda w, h, xs: jacobian(lambda w: rnn(scan, w, h, xs)[1])(w),
        lambda w, h, xs: vmap(lambda w: rnn(scan, w, h, xs))(np.stack([w, -w])),
        lambda w, h, xs: vmap(grad(lambda w, h: size(rnn(scan, w, h, xs)), (0, 1)), (None, 0))(w, np.stack([h, -h])),
        lambda w, h, xs: vmap(lambda xs: rnn(scan, w, np.zeros(3), xs), 1)(np.stack([xs, -xs], 1)),
        lambda w, h, xs: grad(lambda w: size(vmap(lambda h: rnn(scan, w, h, xs))(np.stack([h, -h]))))(w),
        lambda w, h, xs: vmap(lambda h: vmap(lambda w: rnn(scan, w, h, xs))(np.stack([w, -w])))(np.stack([h, -h, h])),
        lambda w, h, xs: vmap(hessian(lambda h: size(rnn(scan, w, h, xs))))(np.stack([h, -h])),
    ],
)
def test_transforms_and_batches(transformed):
    check(transformed, W, H, XS)


def test_the_program_does_not_grow_with_the_number_of_steps():
    def program(length):
        compiled = compile(grad(lambda w, h, xs: size(rnn(scan, w, h, xs)), (0, 1, 2)))
        compiled(W, H, np.resize(XS, (length, 3)))
        return compiled.program

    short, long = program(4), program(400)
    assert len(short.source.splitlines()) == len(long.source.splitlines()) < 150


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_operation_in_a_step(case):
    """A step and its sweep are replayed on values that other steps have left in the buffers."""

    @given(case.samples)
    @settings(max_examples=1, phases=[Phase.generate])
    def run(sample):
        weights = np.cos(np.arange(np.size(case.operation(*sample.arrays, **sample.static))))

        def loss(xs, same):
            def step(total, x):
                outs = [case.operation(*a, **sample.static) for a in (x, same)]
                values = [(np.ravel(out) * weights).sum() for out in outs]
                return total * 0.5 + values[0] * values[1], outs[0]

            total, ys = scan(step, np.zeros((), dtype), xs)
            return total + (ys * 0.25).sum()

        stacks = [np.stack([a * 1.0625, a, a * 1.03125]) for a in sample.arrays]
        dtype = case.operation(*sample.arrays, **sample.static).dtype
        function = grad(loss, (0, 1))
        try:
            expected = function(stacks, list(sample.arrays))
        except TypeError as error:
            assert "y has the shape" in str(error) or "carry has the" in str(error)  # noqa: PT017 - it depends on values
            return
        compiled = compile(function)
        for _ in range(4):
            try:
                found = compiled(stacks, list(sample.arrays))
                if case.name in ("power", "float_power"):  # its rule takes another way if the exponent is a scalar
                    np.testing.assert_allclose(
                        np.concatenate([*map(np.ravel, arrays(found))]),
                        np.concatenate([*map(np.ravel, arrays(expected))]),
                        rtol=1e-13,
                    )
                else:
                    assert_same(found, expected)
            except CompileError as error:
                assert case.name in REFUSED, error  # noqa: PT017 - some operations branch on values
                return

    run()


# -- what the function around the loop uses -------------------------------------------------------------------------


def test_training_steps_are_those_of_the_function():
    xs = np.random.default_rng(0).normal(size=(7, 2, 3)).astype(np.float32)

    def losses(compiles):
        layers = nn.Linear(3, 3, rng=0), nn.Linear(3, 3, rng=1)
        optimizer = optim.Adam([p for layer in layers for p in layer.parameters()], lr=0.01)

        def step(xs):
            optimizer.zero_grad()
            carry, ys = scan(lambda h, x: (np.tanh(layers[0](h) + layers[1](x)), h), np.zeros((2, 3), np.float32), xs)
            loss = (ys**2).mean() + (carry - 1).sum() ** 2
            loss.backward()
            optimizer.step()
            return loss

        run = compile(step) if compiles else step
        return [run(xs).item() for _ in range(20)]

    np.testing.assert_allclose(losses(True), losses(False), rtol=1e-4 if IS_NATIVE else 0)


def test_float_arguments_are_read_in_each_call():
    def function(xs, rate):
        def step(c, x):
            return c + rate * 2 * np.tanh(x) * (rate + 1), c * rate

        return grad(lambda xs: size(scan(step, rate * np.ones(3), xs)))(xs)

    compiled = compile(function)
    for rate in (0.3, 0.3, 0.3, 0.5, -1.0):
        assert_same(compiled(XS, rate), function(XS, rate))
    assert len(compiled.programs) == 1


def test_no_steps_and_one_step():
    check(grad(lambda w, h, xs: size(rnn(scan, w, h, xs)), (0, 1)), W, H, XS[:0], is_loop=False)
    check(grad(lambda w, h, xs: size(rnn(scan, w, h, xs)), (0, 1)), W, H, XS[:1])


def test_labels_are_checked_in_each_step():
    labels = np.array([0, 1, 2, 0, 1, 2])

    def function(w, xs, labels):
        def step(total, x):
            return total + autograd_lite.cross_entropy(w @ x[0], x[1]), None

        return scan(step, 0.0, (xs, labels))[0]

    compiled = compile(grad(function))
    for _ in range(4):
        assert_same(compiled(W, XS, labels), grad(function)(W, XS, labels))
    with pytest.raises(ValueError, match="cross_entropy"):
        compiled(W, XS, labels + np.array([0, 0, 0, 0, 0, 9]))
    assert_same(compiled(W, XS, labels), grad(function)(W, XS, labels))


# -- steps that one program cannot do --------------------------------------------------------------------------------


def test_loops_with_random_numbers_are_recorded_step_by_step():
    dropout = nn.Dropout(0.5)

    def function(xs):
        return scan(lambda c, x: (dropout(c) + x, None), Tensor(np.zeros(3)), xs)[0]

    def draws(function):
        autograd_lite.manual_seed(0)
        return [function(XS).numpy() for _ in range(5)]

    compiled = compile(function)
    assert_same(draws(compiled), draws(function))
    assert "call_loop" not in compiled.program.source


def test_loops_that_write_to_something_outside_are_recorded_step_by_step():
    total = Tensor(np.zeros(3))

    def function(xs):
        def step(c, x):
            with no_grad():
                total[...] = total + x
            return c + x, None

        return scan(step, np.zeros(3), xs)[0]

    def totals(function):
        total[...] = 0
        return [(function(XS), total.numpy().copy()) for _ in range(5)]

    assert_same(totals(compile(function)), totals(function))


def test_values_that_leave_a_step_are_refused():
    def leaking(h, xs):
        kept = []

        def step(c, x):
            kept.append(c + x)
            return c + x, None

        return scan(step, h, xs)[0] + kept[0]

    with pytest.raises(CompileError, match="to one step of scan"):
        compile(leaking)(H, XS)


def test_branches_on_values_are_refused():
    with pytest.raises(CompileError, match="branch of Python"):
        compile(lambda xs: scan(lambda c, x: (c + x if x.sum() > 0 else c, None), np.zeros(3), xs)[0])(XS)


def test_counters_are_refused():
    counter = [0]

    def step(c, x):
        counter[0] += 1
        return c + x * counter[0], None

    with pytest.raises(CompileError, match="which a replay would not repeat"):
        compile(lambda xs: scan(step, np.zeros(3), xs)[0])(XS)


def test_constants_that_only_the_kernels_of_a_step_need_reach_them():
    """The rule of pinv makes an array of its option."""
    pytest.importorskip("numba", reason="native programs need numba")

    def function(xs):
        return grad(lambda xs: scan(lambda c, x: (c + np.linalg.pinv(x, 1e-9).sum(), None), 0.0, xs)[0])(xs)

    compiled, xs = compile(function, backend="native"), np.eye(3) + np.random.default_rng(0).normal(size=(4, 3, 3)) / 9
    for _ in range(4):
        np.testing.assert_allclose(compiled(xs), function(xs), rtol=1e-9)


def test_kernels_run_in_the_steps():
    pytest.importorskip("numba", reason="native programs need numba")
    function = grad(lambda w, h, xs: size(rnn(scan, w, h, xs)), (0, 1, 2))
    compiled = compile(function, backend="native")
    for _ in range(6):
        for found, expected in zip(compiled(W, H, XS), function(W, H, XS), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-10)
    loops = [call.steps for name, call in compiled.program.steps.source.functions.items() if hasattr(call, "steps")]
    assert [steps.backend for steps in loops] == [compiled.program.backend] * 2
