"""NumPy's errors about batches, as it words them for a single element."""

from __future__ import annotations

from typing import Any

from autograd_lite.batching.axes import Axis, BatchError
from autograd_lite.batching.elements import pick


def of_one_element(error: Exception, function: Any, axis: Axis, args: Any, kwargs: Any) -> Exception:
    """The error of the call for the first element, whose shapes are the user's; `error` itself if there is none."""
    if isinstance(error, BatchError) or not axis.size or kwargs.get("out") is not None:
        return error
    try:
        function(*pick(args, axis, 0), **pick(kwargs, axis, 0))
    except (ValueError, IndexError, TypeError) as plain:
        return plain
    return error
