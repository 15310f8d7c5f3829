"""Functions of scipy.special on tensors: SciPy's values, derivatives to second order, accurate tails."""

import inspect
import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor
from autograd_lite.testing import check_gradients, check_primitive

sc = pytest.importorskip("scipy.special")
from autograd_lite.ops import special  # noqa: E402

POSITIVE = np.array([[0.4, 1.3, 2.6], [3.1, 0.7, 5.2]])
REAL = np.array([[-2.3, -0.7, 0.4], [1.6, 2.9, -1.1]])
PROBABILITY = np.array([[0.1, 0.35, 0.6], [0.8, 0.93, 0.5]])
OTHER = POSITIVE[::-1] * 0.7 + 0.1

ELEMENTWISE = {
    **dict.fromkeys(("gamma", "gammaln", "loggamma", "rgamma", "psi", "digamma", "exp1", "entr", "log1p"), (POSITIVE,)),
    **dict.fromkeys(("k0", "k1", "y0", "y1"), (POSITIVE,)),
    **dict.fromkeys(("beta", "betaln", "kl_div", "rel_entr"), (POSITIVE, OTHER)),
    **dict.fromkeys(("xlogy", "xlog1py"), (REAL, POSITIVE)),
    **dict.fromkeys(("erf", "erfc", "erfcx", "log_ndtr", "ndtr", "expit", "log_expit", "expm1", "exp2"), (REAL,)),
    **dict.fromkeys(("exp10", "cbrt", "expi", "i0", "i0e", "i1", "i1e", "j0", "j1"), (REAL,)),
    "erfcinv": (PROBABILITY * 1.5,),
    "erfinv": (2 * PROBABILITY - 1,),
    "ndtri": (PROBABILITY,),
    "logit": (PROBABILITY,),
}
WITH_PARAMETERS = [
    ("polygamma", 0, POSITIVE), ("polygamma", 2, POSITIVE), ("gammainc", 3.0, POSITIVE), ("gammaincc", 2.5, POSITIVE),
    ("betainc", 2.0, 3.0, PROBABILITY), ("zeta", 3.0, POSITIVE), ("jv", 2.0, POSITIVE), ("jv", 0.5, POSITIVE),
    ("yv", 1.0, POSITIVE), ("iv", 2.0, REAL), ("kv", 1.5, POSITIVE), ("ive", 2.0, REAL),
    ("ive", 1.5, POSITIVE),
]  # fmt: skip
FUNCTIONS = {"logsumexp", "softmax", "log_softmax"}


def test_every_function_of_the_package_is_tested_here():
    own = {name for name, value in vars(special).items() if callable(value) and not inspect.isclass(value)}
    assert own == {*ELEMENTWISE, *(name for name, *_ in WITH_PARAMETERS), "expn", *FUNCTIONS}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_functions(name):
    check_primitive(getattr(special, name), [ELEMENTWISE[name]], elementwise=True)


@pytest.mark.parametrize(("name", "arguments"), [(name, arguments) for name, *arguments in WITH_PARAMETERS])
def test_functions_with_parameters(name, arguments):
    *parameters, x = arguments
    call = getattr(special, name)

    def function(x):
        return call(*parameters, x)

    np.testing.assert_array_equal(function(x), getattr(sc, name)(*parameters, x))
    for order in (1, 2):
        check_gradients(function, x, order=order)
    narrow = Tensor(x.astype(np.float32), requires_grad=True)
    result = function(narrow)
    result.sum().backward()
    assert narrow.grad.dtype == np.float32


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_exponential_integrals_of_order_n(n):
    for order in (1, 2):
        check_gradients(lambda x: special.expn(n, x), POSITIVE, order=order)


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_the_ufunc_of_scipy_is_the_operation(name):
    arguments = ELEMENTWISE[name]
    tensors = [Tensor(array, requires_grad=True) for array in arguments]
    result = getattr(sc, name)(*tensors)
    np.testing.assert_array_equal(result.data, getattr(sc, name)(*arguments))
    result.sum().backward()
    compiled = ag.compile(lambda *tensors: getattr(sc, name)(*tensors).sum())
    for _ in range(3):
        np.testing.assert_allclose(compiled(*tensors).data, getattr(sc, name)(*arguments).sum(), rtol=1e-13)


def test_parameters_without_a_rule_are_refused():
    a = Tensor(2.0, requires_grad=True)
    for function in (sc.gammainc, sc.gammaincc, sc.jv, sc.kv):
        with pytest.raises(TypeError, match="no derivative with respect to"):
            function(a, 1.5)


def slope(function, x):
    x = Tensor(x, requires_grad=True)
    function(x).sum().backward()
    return x.grad


def test_derivatives_are_accurate_in_the_tails():
    """Against the first terms of the asymptotic series; the textbook formulas subtract nearly equal numbers."""
    far = np.array([1e4, 1e8, 1e150])
    np.testing.assert_allclose(slope(sc.erfcx, far), -1 / (np.sqrt(np.pi) * far**2), rtol=2e-8)
    np.testing.assert_allclose(slope(sc.log_ndtr, -far[:2]), far[:2] + 1 / far[:2], rtol=1e-14)
    np.testing.assert_allclose(slope(sc.log_ndtr, [30.0]), np.exp(-450) / np.sqrt(2 * np.pi), rtol=1e-12)
    np.testing.assert_allclose(slope(sc.expit, [40.0]), np.exp(-40), rtol=1e-12)


def test_the_slope_of_erfcx_is_its_asymptotic_series():
    """erfcx(x) ~ Σ (−1)ᵏ (2k − 1)!!/(2x²)ᵏ/(x√π) (DLMF 7.12.1), so the slope is −Σ (−1)ᵏ (2k + 1)!!/2ᵏ/x²ᵏ⁺²/√π."""
    far = [50.25, 51.0, 60.0, 1e3, 1e8, 1e150]
    terms = [math.prod(range(1, 2 * k + 2, 2)) * Fraction(-1, 2) ** k for k in range(9)]
    expected = [
        -float(sum(t / Fraction(x) ** (2 * k + 2) for k, t in enumerate(terms))) / math.sqrt(math.pi) for x in far
    ]
    np.testing.assert_allclose(slope(sc.erfcx, [0.0, *far, 1e308])[1:-1], expected, rtol=1e-14)


def test_polygamma_of_several_orders():
    n, x = np.array([0, 1, 3]), np.array([0.5, 1.5, 2.5])
    np.testing.assert_allclose(slope(lambda x: special.polygamma(n, x), x), sc.polygamma(n + 1, x))
    for wrong in ([0, -1], 1.0, -1):
        with pytest.raises(ValueError, match="n must be an integer that is 0 or more"):
            special.polygamma(np.array(wrong), x[:2])


def test_the_series_of_erfcx_meets_the_formula():
    below, above = np.nextafter(50, 0), np.nextafter(50, 51)
    np.testing.assert_allclose(slope(sc.erfcx, [below]), slope(sc.erfcx, [above]), rtol=1e-11)
    v = Tensor(np.array([49.0, 51.0, 80.0]), requires_grad=True)
    (first,) = ag.grad(sc.erfcx(v).sum(), [v], create_graph=True)
    (second,) = ag.grad(first.sum(), [v])
    # y' = 2xy − c gives y'' = 2y + 2xy'
    np.testing.assert_allclose(second.data, 2 * sc.erfcx(v.data) + 2 * v.data * first.data, rtol=1e-6)


def test_functions_that_are_scaled_have_the_mean_slope_at_their_kink_and_no_second_derivative():
    assert slope(sc.i0e, [0.0]) == 0
    assert slope(sc.i1e, [0.0]) == 0.5
    x = Tensor([0.0], requires_grad=True)
    (first,) = ag.grad((sc.i0e(x) ** 2).sum(), [x], create_graph=True)
    (second,) = ag.grad(first.sum(), [x])
    assert np.isnan(second.data)


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_logsumexp_with_weights(axis, keepdims):
    b = OTHER * [[1.0, 0.0, 2.0], [1.0, 1.0, 0.5]]
    result = special.logsumexp(Tensor(REAL), axis, b, keepdims)
    np.testing.assert_allclose(result.data, sc.logsumexp(REAL, axis, b, keepdims), rtol=1e-13)
    for order in (1, 2):
        check_gradients(lambda a, b: special.logsumexp(a, axis, b, keepdims), REAL, b, order=order)
        check_gradients(lambda a: special.logsumexp(a, axis, b, keepdims), REAL, order=order)


def test_logsumexp_with_signs_and_extremes():
    a, b = np.array([1.0, 2.0, 1e4]), np.array([1.0, -1.0, 0.0])
    out, sign = special.logsumexp(Tensor(a), b=b, return_sign=True)
    np.testing.assert_allclose([out.item(), sign], sc.logsumexp(a, b=b, return_sign=True))
    x = Tensor(a, requires_grad=True)
    special.logsumexp(x, b=[1.0, 1.0, 0.0]).backward()
    np.testing.assert_allclose(x.grad, [*np.exp(a[:2]) / np.exp(a[:2]).sum(), 0])
    np.testing.assert_allclose(special.logsumexp(Tensor([1000.0, 1000.0]), b=[3, 1]).data, 1000 + np.log(4))


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1)])
def test_softmax_over_axes(name, axis):
    function = getattr(special, name)
    np.testing.assert_allclose(function(Tensor(REAL), axis).data, getattr(sc, name)(REAL, axis), rtol=1e-13)
    for order in (1, 2):
        check_gradients(lambda x: function(x, axis) ** 2, REAL, order=order)


def test_polygamma_refuses_orders_that_are_no_natural_numbers():
    for n in (-1, 0.5):
        with pytest.raises(ValueError, match="n must be an integer"):
            special.polygamma(n, 1.0)


def test_log_densities_of_scipy_stats_from_these_functions():
    stats = pytest.importorskip("scipy.stats")
    a = Tensor(2.5, requires_grad=True)
    density = sc.xlogy(a - 1, POSITIVE) - POSITIVE - sc.gammaln(a)
    np.testing.assert_allclose(density.data, stats.gamma.logpdf(POSITIVE, 2.5), rtol=1e-12)
    density.sum().backward()
    np.testing.assert_allclose(a.grad, (np.log(POSITIVE) - sc.psi(2.5)).sum(), rtol=1e-12)


@pytest.mark.parametrize("order", ["import scipy.special\nimport autograd_lite as ag",
                                   "import autograd_lite as ag\nimport scipy.special"])  # fmt: skip
def test_rules_are_loaded_when_first_needed_in_any_order_of_imports(order):
    program = (
        f"import sys\n{order}\nassert 'autograd_lite.ops.special' not in sys.modules\n"
        "x = ag.Tensor(1.0, requires_grad=True)\nscipy.special.gammaln(x).backward()\n"
        "assert abs(x.grad + 0.5772156649) < 1e-9 and ag.special.gammaln is not None\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_scipy_is_not_imported_by_itself():
    program = "import sys, autograd_lite as ag, numpy as np\ntry:\n    np.hypot.accumulate(ag.Tensor([1.0]))\n"
    program += "except TypeError:\n    pass\nassert not any(name.startswith('scipy') for name in sys.modules)\n"
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("order", ["before", "after", "after the import of a family by its name"])
def test_a_rule_of_the_user_takes_the_place_of_the_library_s(order):
    program = f"""
import numpy as np, scipy.special
from autograd_lite import grad, primitive
if {order!r} == "after":
    assert grad(scipy.special.entr)(0.5) < 0
elif {order!r} != "before":
    import autograd_lite.ops.special.entropy
primitive(scipy.special.entr, name="mine", x=lambda g, x: 100.0 * g)
assert grad(scipy.special.entr)(0.5) == 100
assert abs(grad(scipy.special.gammaln)(2.5) - scipy.special.digamma(2.5)) < 1e-12
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_orders_of_polygamma_are_natural_numbers():
    for n in (-1, 0.5, np.array([0, -1]), np.array([[1], [-2]])):
        with pytest.raises(ValueError, match="polygamma"):
            special.polygamma(n, POSITIVE[0, :2])
