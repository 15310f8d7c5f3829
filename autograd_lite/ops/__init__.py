"""The catalogue of operations, a file a family. Each is a table: a NumPy function and its derivative rules."""

from autograd_lite.ops import activation, arithmetic, elementary, indexing, linalg, loss, reduction, shape
from autograd_lite.ops.activation import *
from autograd_lite.ops.arithmetic import *
from autograd_lite.ops.elementary import *
from autograd_lite.ops.indexing import *
from autograd_lite.ops.linalg import *
from autograd_lite.ops.loss import *
from autograd_lite.ops.reduction import *
from autograd_lite.ops.shape import *

__all__: list[str] = []
__all__ += activation.__all__
__all__ += arithmetic.__all__
__all__ += elementary.__all__
__all__ += indexing.__all__
__all__ += linalg.__all__
__all__ += loss.__all__
__all__ += reduction.__all__
__all__ += shape.__all__
