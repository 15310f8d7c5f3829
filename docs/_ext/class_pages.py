"""What follows a class on its page: the methods that a user calls, and what a subclass defines.

The page of Tensor has tables in place of descriptions of its methods that are operations, which have their own pages.
"""

import inspect
from types import FunctionType

from public_names import TOP, Name
from rest_text import first_line, heading, table

from autograd_lite import Tensor, nn, optim
from autograd_lite.support.pytorch_words import Word

# The bases whose methods their subclasses have too: what they are called, what a subclass defines, and how.
BASES: dict[type, tuple[str, str, str]] = {
    nn.Module: ("module", "forward extra_repr", "A module defines ``forward``; a call, ``model(x)``, runs it."),
    optim.Optimizer: ("optimizer", "check update used_states",
                      "A rule of your own defines ``update``, and the names of its arrays as ``state_names``."),
    optim.lr_scheduler.LRScheduler: ("schedule", "factor learning_rate",
                                     "A schedule of your own defines one of the two."),
}  # fmt: skip
INTERNAL = """
    lift describe_rule versioned_parts read_state apply prepare updates check momentum remarks is_shape_error of refutes
    meet add_in_place copy_in_place begin_batch end_batches notify has_batch note_weight next_number share counted
    leave_batch
"""  # what parts of the library call
GROUPS: dict[type, list[tuple[str, str]]] = {
    nn.Module: [
        ("Training", "train eval requires_grad_ zero_grad"),
        ("Saving and loading", "state_dict load_state_dict"),
        ("Parameters and buffers", "parameters named_parameters get_parameter register_parameter buffers named_buffers "
                                   "get_buffer register_buffer"),
        ("Modules inside", "children named_children modules named_modules get_submodule add_module register_module"),
        ("Dtype", "astype to float double half cpu"),
        ("Hooks", "register_forward_pre_hook register_forward_hook register_full_backward_hook"),
    ],
}  # fmt: skip

INTRODUCTION = """
A tensor is used like an array: NumPy's operators, indices and functions (``np.exp(x)``) apply to it, and each result
holds the operation and the operands that it came from. From these ``backward`` computes gradients. Names link to the
operations, whose pages have formulas, shapes, errors and examples.

"""
WITHOUT_DERIVATIVE = "Without a derivative"
TENSOR = [
    ("Gradients and the graph", "What a tensor knows of derivatives.",
     "backward grad zero_grad requires_grad requires_grad_ is_leaf retain_grad register_hook detach"),
    ("Values", "The numbers, as arrays and as Python's.", "data numpy item tolist dtype astype clone copy name"),
    ("Operators", "``x += y`` and its like write in place; ``x == y`` and its like return arrays of truth values.", ""),
    ("Elementwise", "All other functions of elements are NumPy's: ``np.exp(x)``.", "clip round conj conjugate"),
    ("Reductions and scans", "Over ``axis``, by default over all elements.",
     "sum mean prod max min var std cumsum cumprod"),
    ("Shapes", "The same elements in another shape.",
     "shape ndim size reshape ravel flatten squeeze transpose swapaxes T mT"),
    ("Selecting elements", "Beside indices.", "take compress choose repeat"),
    ("Linear algebra", "Products beside ``x @ y``, and diagonals.", "dot trace diagonal"),
    (WITHOUT_DERIVATIVE, "As NumPy's functions of the same names. They return arrays, not tensors.",
     "argmax argmin argsort searchsorted nonzero any all"),
]  # fmt: skip
OPERATORS = {
    "x + y": "add", "x - y": "subtract", "x * y": "multiply", "x / y": "divide", "x ** y": "power",
    "x // y": "floor_divide", "x % y": "remainder", "divmod(x, y)": "divmod", "-x": "negative", "abs(x)": "absolute",
    "x @ y": "matmul", "x[index]": "getitem", "x[index] = y": "setitem",
}  # fmt: skip
SAME = {"T": "transpose", "mT": "matrix_transpose", "conj": "conjugate"}


def _is_member(cls: type, name: str) -> bool:
    """Whether a class itself describes a member, and for users."""
    member = vars(cls)[name]
    if (
        name.startswith("_")
        or name in INTERNAL.split()
        or isinstance(member, Word)
        or not cls.__module__.startswith(TOP)
    ):
        return False
    described = isinstance(member, FunctionType | classmethod | staticmethod | property)
    return described and bool((member.__doc__ or "").strip())


def members(cls: type) -> list[str]:
    """The members that a page describes, also those of bases that are not public themselves."""
    hooks = BASES[cls][1].split() if cls in BASES else []
    base = _base(cls)
    bases = [part for part in cls.__mro__ if base is None or part not in base.__mro__]
    found = [name for part in bases for name in vars(part) if _is_member(part, name) and name not in hooks]
    return list(dict.fromkeys(found))


def _base(cls: type) -> type | None:
    return next((base for base in cls.__mro__[1:] if base in BASES), None)


def _described(cls: type) -> str:
    """The members of a class in groups."""
    own, parts = members(cls), []
    for title, words in GROUPS.get(cls, []):
        parts += [heading(title), _entries(cls, words.split())]
        own = [name for name in own if name not in words.split()]
    return "".join([*parts, heading("Methods") + _entries(cls, own) if own else ""])


def _entries(cls: type, names: list[str]) -> str:
    kinds = (isinstance(inspect.getattr_static(cls, name), property) for name in names)
    return "".join(
        f".. {'autoproperty' if kind else 'automethod'}:: {cls.__name__}.{name}\n\n"
        for name, kind in zip(names, kinds, strict=True)
    )


def _inherited(cls: type, names: dict[str, list[Name]]) -> str:
    """Links to the methods of the base."""
    base = _base(cls)
    if base is None:
        return ""
    place = next(found.full for own in names.values() for found in own if found.thing is base)
    links = ", ".join(f":py:obj:`{name} <{place}.{name}>`" for name in members(base))
    return heading(f"Methods of every {BASES[base][0]}") + f"{links}\n\n"


def _for_subclasses(cls: type) -> str:
    _, hooks, text = BASES[cls]
    return heading("For subclasses") + f"{text}\n\n" + _entries(cls, hooks.split())


def _tensor(operations: dict[str, Name]) -> str:
    """Tables of all members. Those that are no operations are described below."""
    parts, described = [], []
    for title, text, words in TENSOR:
        rows = []
        for shown in words.split() or OPERATORS:
            found = operations.get(OPERATORS.get(shown) or SAME.get(shown, shown))
            if found and shown not in {"grad"}:  # the function is another thing
                rows.append((f":doc:`{shown} <{found.file}>`", first_line(found.thing)))
            elif title == WITHOUT_DERIVATIVE:
                rows.append((f"``{shown}``", first_line(getattr(Tensor, shown))))
            else:
                described.append(shown)
                rows.append((f":py:obj:`{shown} <{TOP}.Tensor.{shown}>`", first_line(getattr(Tensor, shown))))
        parts += [heading(title), f"{text}\n\n", table(rows)]
    return "".join([INTRODUCTION, *parts]) + heading("Attributes and methods") + _entries(Tensor, described)


def after_the_class(cls: type, names: dict[str, list[Name]]) -> str:
    """What follows the description of a class: its members, those of its base, and what subclasses define."""
    if cls is Tensor:
        return _tensor({found.name: found for own in names.values() for found in own if found.place == TOP})
    return _described(cls) + _inherited(cls, names) + (_for_subclasses(cls) if cls in BASES else "")
