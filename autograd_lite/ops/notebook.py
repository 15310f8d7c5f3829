"""How a notebook shows a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.graph import Node


def tensor_html(self: Any) -> str | None:
    """The tensor in a notebook: a line about it, and its first and last numbers as a table.

    None inside `vmap` and `compile`, where a tensor has no numbers of its own; a notebook then shows `repr`.
    """
    from autograd_lite.support.notebook import array_html  # imports html, which few programs need

    values = self._data
    if not isinstance(values, np.ndarray | np.generic):
        return None
    facts = [type(self).__name__, self.name or "", f"{values.shape} {values.dtype}"]
    if isinstance(self._node, Node):
        facts.append(f"result of {self._node.operation.name}")
    elif self._node is not None:
        facts.append("requires_grad=True" + ", has a gradient" * (self._node.grad is not None))
    return array_html(" · ".join(filter(None, facts)), values)
