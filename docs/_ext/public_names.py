"""The public names of the package in groups. The pages of the reference are made from them, and a test counts them."""

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from module_pages import SEQUENCES

# Pages of the reference: file, title, introduction, and the modules whose public names are on it. Names of the top
# level are on the page of the part that defines them.
TOP = "autograd_lite"
PAGES = [
    ("tensors", "Tensors and operations of your own", "The tensor, no gradients, new operations, seeds.", [TOP]),
    ("transforms", "Derivatives of functions", "Functions that take functions and return derivatives.", [TOP]),
    ("programs", "Programs, pictures, derivations, files", "What is built on the engine.", [TOP]),
    ("elementwise", "Elementwise operations", "Functions of single elements. Operands broadcast.", [TOP]),
    ("arrays", "Operations on arrays", "Shapes, indices, order.", [TOP]),
    ("reductions", "Reductions", "Sums, means, extremes, statistics.", [TOP]),
    ("linalg", "Linear algebra", "Products, decompositions, solutions, norms.", [TOP]),
    ("layers", "Layers and losses", "The functions that networks are made of.", [TOP]),
    ("special", "Special functions", "The rules of `scipy.special`. They need SciPy.", ["autograd_lite.special"]),
    ("nn", "Modules", "Networks, by PyTorch's names.", ["autograd_lite.nn"]),
    ("functional", "Functions of networks", "What modules call, by PyTorch's names.", ["autograd_lite.nn.functional"]),
    ("init", "Initial values", "They overwrite a parameter and return it.", ["autograd_lite.nn.init"]),
    ("utils", "Helpers of networks", "Clipping, and sequences of several lengths.",
     ["autograd_lite.nn.utils", "autograd_lite.nn.utils.rnn"]),
    ("optim", "Optimizers", "Updates of parameters, by PyTorch's names.", ["autograd_lite.optim"]),
    ("schedules", "Schedules", "Learning rates that change.", ["autograd_lite.optim.lr_scheduler"]),
    ("testing", "Checks of derivations", "Formulas and operations compared with the engine.",
     ["autograd_lite.testing", "autograd_lite.testing.strategies"]),
    ("data", "Data and random numbers", "Mini-batches and the common generator.",
     ["autograd_lite.data", "autograd_lite.random"]),
    ("distributed", "Several processes", "Training by MPI.", ["autograd_lite.distributed"]),
]  # fmt: skip
_PARTS = {
    "core": "tensors", "batching": "tensors", "random": "tensors", "support": "programs", "transforms": "transforms",
    "compiler": "programs", "debugging": "programs", "derivation": "programs", "persistence": "programs",
    "ops.interop": "tensors", "ops.elementwise": "elementwise", "ops.arrays": "arrays", "ops.reductions": "reductions",
    "ops.linalg": "linalg", "ops.layers": "layers",
}  # fmt: skip


@dataclass(frozen=True)
class Name:
    """One public name: where it is found, what it is, and the module that defines it."""

    place: str
    name: str
    thing: Any
    source: str

    @property
    def full(self) -> str:
        return f"{self.place}.{self.name}"

    @property
    def file(self) -> str:
        """The file of its page. Some file systems do not tell Primitive from primitive."""
        alike = self.name.lower() != self.name and self.name.lower() in names_of(self.place)
        return self.full + ("-class" if alike else "")


def module_of(thing: Any) -> str:
    module = getattr(thing, "__module__", None) or getattr(inspect.unwrap(thing), "__module__", None)
    return module if module and module.startswith(TOP) else "autograd_lite.core.grad_mode"


def names_of(place: str) -> list[str]:
    """`__all__`, or the classes and functions that a module defines."""
    module = importlib.import_module(place)
    listed = SEQUENCES if place.endswith(".rnn") else getattr(module, "__all__", None)
    if listed is None and hasattr(module, "__path__"):  # a package whose modules have lists
        parts = [
            part
            for part in vars(module).values()
            if inspect.ismodule(part) and part.__name__.startswith(module.__name__)
        ]
        listed = [name for part in parts for name in getattr(part, "__all__", ())]
    if listed is None:
        listed = [
            name
            for name, thing in vars(module).items()
            if not name.startswith("_") and getattr(thing, "__module__", None) == place and callable(thing)
        ]
    return [name for name in dict.fromkeys(listed) if not isinstance(getattr(module, name), ModuleType)]


def page_of(found: Name) -> str:
    """The page of a name of the top level, by the part of the package that defines it."""
    part = found.source.removeprefix(f"{TOP}.")
    return next(page for start, page in _PARTS.items() if part == start or part.startswith(f"{start}."))


def on_page(page: str, places: list[str]) -> Iterator[Name]:
    for place in places:
        module = importlib.import_module(place)
        for name in names_of(place):
            thing = getattr(module, name)
            found = Name(place, name, thing, module_of(thing))
            if place != TOP or page_of(found) == page:
                yield found


def all_names() -> dict[str, list[Name]]:
    """The public names of each page."""
    return {page: list(on_page(page, places)) for page, _, _, places in PAGES}
