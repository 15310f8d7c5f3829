"""Every public function and class is documented, and every example in a docstring runs with the output it shows."""

import doctest
import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import autograd_lite
from autograd_lite.core.primitive import Primitive

# In an unpacked sdist nn and optim are beside the folder autograd_lite, so each of them is walked separately.
PACKAGES = [autograd_lite, autograd_lite.nn, autograd_lite.optim]
MODULES = sorted(
    {package.__name__ for package in PACKAGES}
    | {
        module.name
        for package in PACKAGES
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    }
)
GLOBALS = {"np": np} | {
    name: getattr(package, name)
    for package in PACKAGES
    for name in package.__all__
    if package is autograd_lite or inspect.isclass(getattr(package, name))
}


def _module(name: str):
    """The module; modules made of numba's functions are skipped where numba is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in ("llvmlite", "numba"):
            raise
        pytest.skip(f"{name} needs {error.name}")


def _examples(name: str) -> dict[str, doctest.DocTest]:
    module = _module(name)
    found = doctest.DocTestFinder(exclude_empty=False).find(module, globs={**GLOBALS, **vars(module)})
    return {test.name: test for test in found}


def _public(module) -> dict[str, object]:
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_")
        and getattr(value, "__module__", None) == module.__name__
        and (inspect.isclass(value) or inspect.isfunction(value))
    }


def test_the_package_is_no_module_of_itself():
    """The repository, where nn and optim are, is on the path of the package only while it imports them."""
    assert [name for name in MODULES if name.count("autograd_lite") > 1] == []


def test_modules_of_all_layers_are_found():
    assert {"autograd_lite.nn", "autograd_lite.optim", "autograd_lite.testing", "autograd_lite.ops.layers.loss"} <= set(
        MODULES
    )


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_right(name):
    runner, report = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE), []
    for test in _examples(name).values():
        runner.run(test, out=report.append)
    assert not runner.failures, "".join(report)


@pytest.mark.parametrize("name", MODULES)
def test_public_names_are_documented(name):
    module = _module(name)
    undocumented = [public for public, value in _public(module).items() if not (value.__doc__ or "").strip()]
    undocumented += [
        f"{public}.{method}"
        for public, value in _public(module).items()
        if inspect.isclass(value)
        for method, function in vars(value).items()
        if not method.startswith("_") and inspect.isfunction(function) and not inspect.getdoc(getattr(value, method))
        and name != "autograd_lite.core.signatures"  # declarations; the operations are documented
    ]  # fmt: skip
    assert (module.__doc__ or "").strip()
    assert undocumented == []


OPERATIONS = [
    (name, public)
    for name in MODULES
    if name.startswith("autograd_lite.ops.")
    for public, value in _public(importlib.import_module(name)).items()
    if isinstance(getattr(value, "primitive", None), Primitive) and value.__name__ == public  # not an alias
]


def test_operations_are_found():
    assert len(OPERATIONS) > 40


@pytest.mark.parametrize(("module", "name"), OPERATIONS)
def test_every_operation_has_an_example_that_is_run(module, name):
    """Doctest could miss operations, because they are generated functions."""
    assert _examples(module)[f"{module}.{name}"].examples


def test_a_wrong_example_of_an_operation_would_be_noticed():
    module = importlib.import_module("autograd_lite.ops.elementwise.elementary")
    test = _examples(module.__name__)[f"{module.__name__}.exp"]
    test.examples[-1].want = "Tensor([1., 1.])\n"
    assert doctest.DocTestRunner(verbose=False).run(test, out=lambda text: None).failed == 1


def test_the_package_exports_all_operations():
    modules = [name for name in MODULES if name.startswith("autograd_lite.ops.")]
    families = [importlib.import_module(name) for name in modules if not name.startswith("autograd_lite.ops.special")]
    operations = {name for family in families for name in getattr(family, "__all__", ())}
    assert operations <= set(autograd_lite.__all__)
    assert len(autograd_lite.__all__) == len(set(autograd_lite.__all__))
