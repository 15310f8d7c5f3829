"""The catalogue of operations, a file a family. Each is a table: a NumPy function and its derivative rules."""

from autograd_lite.ops import (
    activation,
    arithmetic,
    axes,
    choosing,
    contraction,
    decompositions,
    diagonals,
    differences,
    elementary,
    extremes,
    hyperbolic,
    indexing,
    joining,
    least_squares,
    linalg,
    loss,
    nanfunctions,
    norms,
    ordering,
    products,
    quantiles,
    reduction,
    rounding,
    scans,
    shape,
    solving,
    spectral,
    statistics,
    trigonometric,
    ufunc_methods,
)
from autograd_lite.ops.activation import *
from autograd_lite.ops.arithmetic import *
from autograd_lite.ops.axes import *
from autograd_lite.ops.choosing import *
from autograd_lite.ops.contraction import *
from autograd_lite.ops.decompositions import *
from autograd_lite.ops.diagonals import *
from autograd_lite.ops.differences import *
from autograd_lite.ops.elementary import *
from autograd_lite.ops.extremes import *
from autograd_lite.ops.hyperbolic import *
from autograd_lite.ops.indexing import *
from autograd_lite.ops.joining import *
from autograd_lite.ops.least_squares import *
from autograd_lite.ops.linalg import *
from autograd_lite.ops.loss import *
from autograd_lite.ops.nanfunctions import *
from autograd_lite.ops.norms import *
from autograd_lite.ops.ordering import *
from autograd_lite.ops.products import *
from autograd_lite.ops.quantiles import *
from autograd_lite.ops.reduction import *
from autograd_lite.ops.rounding import *
from autograd_lite.ops.scans import *
from autograd_lite.ops.shape import *
from autograd_lite.ops.solving import *
from autograd_lite.ops.spectral import *
from autograd_lite.ops.statistics import *
from autograd_lite.ops.trigonometric import *
from autograd_lite.ops.ufunc_methods import *

__all__: list[str] = []
__all__ += activation.__all__
__all__ += arithmetic.__all__
__all__ += axes.__all__
__all__ += choosing.__all__
__all__ += contraction.__all__
__all__ += decompositions.__all__
__all__ += diagonals.__all__
__all__ += differences.__all__
__all__ += elementary.__all__
__all__ += extremes.__all__
__all__ += hyperbolic.__all__
__all__ += indexing.__all__
__all__ += joining.__all__
__all__ += least_squares.__all__
__all__ += linalg.__all__
__all__ += loss.__all__
__all__ += nanfunctions.__all__
__all__ += norms.__all__
__all__ += ordering.__all__
__all__ += products.__all__
__all__ += quantiles.__all__
__all__ += reduction.__all__
__all__ += rounding.__all__
__all__ += scans.__all__
__all__ += shape.__all__
__all__ += solving.__all__
__all__ += spectral.__all__
__all__ += statistics.__all__
__all__ += trigonometric.__all__
__all__ += ufunc_methods.__all__
