"""The name by which users import the rules of `scipy.special`, which are in a package among the other operations."""

import sys

from autograd_lite.ops import special
from autograd_lite.ops.special import *

sys.modules[__name__] = special  # the same module, not a copy of its names; those above are for type checkers
