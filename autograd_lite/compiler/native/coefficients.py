"""The constants of the elementary functions, for float32 and float64.

Polynomials are minimax approximations by Remez's exchange algorithm in 50-digit arithmetic, with the error of the
whole function as the weight; the quotient for tanh interpolates at Chebyshev nodes. Then coefficients are rounded to
the format. The comments state what is approximated, where, and the relative error of the function with the rounded
coefficients, for float32 and float64. The first coefficient is that of the lowest power.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def _table(single: Any, double: Any) -> dict[Any, Any]:
    """The constants by the type of NumPy that they are rounded to."""

    def rounded(value: Any, real: Any) -> Any:
        return tuple(rounded(item, real) for item in value) if isinstance(value, tuple) else real(value)

    return {real: rounded(value, real) for real, value in ((np.float32, single), (np.float64, double))}


def layout(real: Any) -> tuple[int, int]:
    """The bits of the mantissa that are stored, and the bias of the exponent."""
    return int(np.finfo(real).nmant), int(np.finfo(real).maxexp) - 1


def integer(real: Any) -> Any:
    """The integer type of the same width. Numba computes with 64 bits otherwise, which halves the speed of float32."""
    return np.int32 if real is np.float32 else np.int64


def pattern(number: Any) -> int:
    """The bits of a NumPy float as an integer."""
    return int(number.view(f"i{number.itemsize}"))


# Sums whose first part is so short that its product with an exponent is exact.
LN_2 = _table((0.693145751953125, 1.4286068203094173e-06), (0.693147180559663, 2.8235290563031577e-13))
LOG10_2 = _table((0.301025390625, 4.605038981195214e-06), (0.30102999566383914, 1.42050232272661e-13))

# 1/ln 2 and 1/ln 10 as sums whose first part is the nearest number.
LOG2_E = _table((1.442695, 1.925963e-08), (1.4426950408889634, 2.0355273740931033e-17))
LOG10_E = _table((0.4342945, -1.010305e-08), (0.4342944819032518, 1.098319650216765e-17))

# π/2 as sums of numbers in float64, and the integer up to which their products with the first two are exact.
HALF_PI: dict[Any, tuple[float, float, float]] = {
    np.float32: (1.570796251296997, 7.549789415861596e-08, 5.390302858158119e-15),
    np.float64: (1.5707963267923333, 2.5633441515839558e-12, 1.0562999066987428e-23),
}
QUARTERS = {np.float32: 2**29, np.float64: 2**16}

# (eʳ − 1 − r) / r², |r| ≤ ln 2 / 2; relative to eʳ − 1: 2^-25.9 and 2^-55.4.
EXP = _table(
    (0.5, 0.16666542, 0.04166628, 0.008366644, 0.0013946564),
    (
        0.5000000000000006, 0.16666666666666685, 0.04166666666657294, 0.008333333333314472, 0.0013888888932616545,
        0.0001984126990332892, 2.4801504144831616e-05, 2.755722765790482e-06, 2.7626451703251726e-07,
        2.5114574618784058e-08,
    ),
)  # fmt: skip

# (2ʳ − 1) / r, |r| ≤ 1/2; relative to 2ʳ − 1: 2^-25.9 and 2^-55.8.
EXP2 = _table(
    (0.6931472, 0.2402265, 0.055503275, 0.009618004, 0.0013400369, 0.00015476429),
    (
        0.6931471805599453, 0.24022650695910133, 0.05550410866482174, 0.009618129107593118, 0.0013333558146378839,
        0.0001540353045839367, 1.5252733867759304e-05, 1.3215434641960202e-06, 1.0178046362222883e-07,
        7.073892937058494e-09, 4.4574030517698425e-10,
    ),
)  # fmt: skip

# (2 artanh(s)/s − 2) / s² as a polynomial in s², |s| ≤ 3 − √8; relative to 2 artanh(s): 2^-30.1 and 2^-59.4.
LOG = _table(
    (0.66666776, 0.39977518, 0.2987257),
    (
        0.6666666666666734, 0.39999999999415586, 0.2857142874241223, 0.22222198553120598, 0.18183566109679977,
        0.1531398875886108, 0.14796710399289145,
    ),
)  # fmt: skip

# (artanh(s)/s − 1 − s²/3) / s⁴ as a polynomial in s², |s| ≤ 3 − √8; relative to artanh(s): 2^-66.1. In float64.
ARTANH = (
    0.20000000000001125, 0.14285714285050052, 0.11111111260043663, 0.0909089216758308, 0.07693379729654959,
    0.06628377697327316, 0.06598504701316972,
)  # fmt: skip

# For powers of float32, in float64: log₂((1 + s)/(1 − s)) / s as a polynomial in s², 2^-36.2; 2ʳ for |r| ≤ 1/2, 2^-29.
SHORT_LOG2 = (2.8853900817902027, 0.9617966732001804, 0.5770836115707918, 0.4116711346115025, 0.3407593618466545)
SHORT_EXP2 = (
    0.9999999999183842, 0.6931472068667494, 0.24022651509743168, 0.05550326879911035, 0.009617993991605636,
    0.0013400565964548636, 0.0001547816785343362,
)  # fmt: skip

# In float64, as sums of two numbers.
THIRD = (0.3333333333333333, 1.850371707708594e-17)
TWO_PER_LN_2 = (2.8853900817779268, 4.0710547481862066e-17)

# (sin(r)/r − 1) / r² as a polynomial in r², |r| ≤ π/4: 2^-27.3 and 2^-56.8.
SIN = _table(
    (-0.16666655, 0.008332173, -0.00019516659),
    (
        -0.16666666666666632, 0.008333333333322316, -0.0001984126982972606, 2.7557313662311856e-06,
        -2.5050753299720495e-08, 1.5896506782337625e-10,
    ),
)  # fmt: skip

# (cos(r) − 1 + r²/2) / r⁴ as a polynomial in r², |r| ≤ π/4: 2^-31 and 2^-59.6.
COS = _table(
    (0.041666646, -0.0013887362, 2.443774e-05),
    (
        0.0416666666666666, -0.0013888888888874003, 2.4801587289401418e-05, -2.755731432769671e-07,
        2.087571976331591e-09, -1.1359458375759415e-11,
    ),
)  # fmt: skip

# (tanh(x)/x − 1) / x² as a quotient of polynomials in x², x ≤ 0.55: 2^-27.5 and 2^-57.7.
TANH_NUMERATOR = _table(
    (-0.3333333, -0.0015591251), (-0.3333333333333333, -0.020501964963793903, -0.0001993183245513845)
)
TANH_DENOMINATOR = _table(
    (1.0, 0.40467355), (1.0, 0.4615058948913807, 0.02329555102548231, 0.0002066839880815247)
)  # fmt: skip

# (sinh(x)/x − 1) / x² as a polynomial in x², x ≤ 1: 2^-27.2 and 2^-56.4.
SINH = _table(
    (0.16666667, 0.0083333505, 0.00019836066, 2.817439e-06),
    (
        0.16666666666666669, 0.008333333333333139, 0.00019841269841437668, 2.75573191553402e-06,
        2.5052123398094604e-08, 1.6057240373265948e-10, 7.759311322288745e-13,
    ),
)  # fmt: skip

# π/4 minus its nearest number.
QUARTER_PI_LOW = _table(-2.1855694e-08, 3.061616997868383e-17)

# (arctan(x)/x − 1) / x² as a polynomial in x², |x| ≤ tan(π/8): 2^-28.7 and 2^-58.2.
ARCTAN = _table(
    (-0.33333316, 0.1999849, -0.14243844, 0.1059596, -0.06083323),
    (
        -0.333333333333332, 0.19999999999954124, -0.14285714280250955, 0.11111110786199405, -0.0909089783692357,
        0.07692061627509596, -0.06663120107781749, 0.0584800589016151, -0.05039827952085132, 0.038077787909870354,
        -0.017921611352610604,
    ),
)  # fmt: skip

# erf(x)/x − 1 as a polynomial in x², x up to the first bound: 2^-28.5 and 2^-54.8.
# −ln(1 − erf(x)) as a polynomial in x between the bounds; relative to erf: 2^-26.1 and 2^-56. Beyond, erf is 1.
ERF_BOUNDS = _table((0.75, 4.0), (1.0, 6.0))
ERF = _table(
    (0.12837917, -0.3761262, 0.112833925, -0.026835427, 0.005115962, -0.0006760941),
    (
        0.12837916709551256, -0.3761263890318355, 0.11283791670945244, -0.02686617064327458, 0.005223977607409492,
        -0.0008548325989003454, 0.0001205529529913169, -1.4924744241913365e-05, 1.6447512351767871e-06,
        -1.6209134213786844e-07, 1.372279218053436e-08, -7.800838624281511e-10,
    ),
)  # fmt: skip
LOG_ERFC = _table(
    (2.1407997e-05, 1.1284335, 0.6358416, 0.10516482, -0.022848455, 0.0032058149, -0.00021317675),
    (
        1.7962145192579736e-07, 1.128377329249075, 0.636628489002406, 0.102747251825976, -0.019078154217831347,
        -0.0002804911874696593, 0.0017690038974563446, -0.0006411758013915935, 4.482479390596996e-05,
        7.036522610398145e-05, -4.503669142124617e-05, 1.6513678423952683e-05, -4.326966710880054e-06,
        8.50558022176486e-07, -1.2570239383803065e-07, 1.3626413945549558e-08, -1.0256782904015209e-09,
        4.795928311032576e-11, -1.0495962545688161e-12,
    ),
)  # fmt: skip
