"""Elementary functions without branches or calls: loops that they are inlined into are vectorised by LLVM.

Names are those of NumPy's functions with the dtype, as `exp_float32`. The errors are at most 2 units of the last place
(ulp), with fused multiply-add instructions or without. Docstrings of the modules state the largest errors found with
these instructions: of all numbers in float32, of 10⁵ in float64.

Special values and signs of zeros are those of NumPy. Flags for overflow, division by zero and invalid values are raised
where NumPy raises them, by the arithmetic itself. Only arguments that are NaN, infinite or subnormal may raise others.
`quiet_exp` is `exp` without the flag for overflow.

`sin` and `cos` are computed up to `SIN_COS_BOUND_FLOAT32` = 2²⁹ π/2 and `SIN_COS_BOUND_FLOAT64` = 2¹⁶ π/2, because more
digits of π would take time for every argument. Beyond, they are NaN and raise the flag for invalid values, so that the
program restarts with NumPy calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.compiler.native import exponentials, logarithms, powers, trigonometry


def _both(build: Callable[[Any], Any]) -> tuple[Any, Any]:
    """What is built for each of the two dtypes."""
    return build(np.float32), build(np.float64)


exp_float32, exp_float64 = _both(exponentials.build_exp)
quiet_exp_float32, quiet_exp_float64 = _both(exponentials.build_quiet_exp)
exp2_float32, exp2_float64 = _both(exponentials.build_exp2)
expm1_float32, expm1_float64 = _both(exponentials.build_expm1)
tanh_float32, tanh_float64 = _both(exponentials.build_tanh)
sinh_float32, sinh_float64 = _both(exponentials.build_sinh)
cosh_float32, cosh_float64 = _both(exponentials.build_cosh)
erf_float32, erf_float64 = _both(exponentials.build_erf)
log_float32, log_float64 = _both(logarithms.build_log)
log2_float32, log2_float64 = _both(logarithms.build_log2)
log10_float32, log10_float64 = _both(logarithms.build_log10)
log1p_float32, log1p_float64 = _both(logarithms.build_log1p)
power_float32, power_float64 = _both(powers.build_power)
logaddexp_float32, logaddexp_float64 = _both(logarithms.build_logaddexp)
sin_float32, sin_float64 = _both(trigonometry.build_sin)
cos_float32, cos_float64 = _both(trigonometry.build_cos)
arctan_float32, arctan_float64 = _both(trigonometry.build_arctan)

SIN_COS_BOUND_FLOAT32, SIN_COS_BOUND_FLOAT64 = _both(trigonometry.sin_cos_bound)
