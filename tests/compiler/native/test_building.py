"""Kernels compute what their sources say: compiled, loaded from the cache, and whatever has happened to its files."""

import contextlib
import gc
import subprocess
import sys
import threading

import numpy as np
import pytest
from compiler.native.kernels import (
    ADAM,
    BUILD_ALL,
    ROOT,
    SOFTMAX,
    check_adam,
    check_scaled,
    check_softmax,
    compilations,
    compiled_in,
    number_of_compilations,
    scaled,
    start,
)

pytest.importorskip("numba", reason="kernels are compiled by numba, an optional dependency")

from numba.core import event
from numba.core.errors import NumbaError

from autograd_lite.compiler.native import building
from autograd_lite.compiler.native.building import KernelSource, available, build, describe


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty folder for the cache; this process has no kernels yet."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", str(folder))
    monkeypatch.setattr(building, "_kernels", {})
    return folder


@pytest.fixture
def forget(monkeypatch):
    """A function after whose call this process has no kernels, as a new one."""
    return lambda: monkeypatch.setattr(building, "_kernels", {})


@pytest.fixture
def compiled():
    """A function that tells how many compilations numba has started in the test."""
    with event.install_recorder("numba:compile") as recorder:
        yield lambda: number_of_compilations(recorder)


def entries(folder):
    return sorted(folder.iterdir())


def test_kernels_compute_the_formulas_of_their_sources(cache):
    adam, softmax = build([ADAM, SOFTMAX])
    gc.collect()  # nothing but the function keeps the machine code
    check_adam(adam)
    check_softmax(softmax)


def test_the_order_of_the_kernels_is_that_of_the_sources(cache):
    for factor, kernel in zip([3, 2, 3], build([scaled(3), scaled(2), scaled(3)]), strict=True):
        check_scaled(kernel, factor)


def test_equal_sources_are_compiled_once_in_all_programs_and_threads(cache, compiled):
    kernels, wait = [], threading.Barrier(8)

    def program():
        wait.wait()
        kernels.extend(build([scaled(2), KernelSource(*vars(scaled(2)).values())]))

    threads = [threading.Thread(target=program) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kernels) == 16
    assert len(set(map(id, kernels))) == 1
    assert compiled() == 1


def test_another_process_loads_what_this_one_has_compiled(cache, compiled):
    build([ADAM, SOFTMAX])
    assert compiled() == len(entries(cache)) == 2
    assert compilations(BUILD_ALL) == 0


def test_a_loaded_kernel_gives_the_bits_of_the_compiled_one(cache, forget, compiled):
    def results():
        x = np.random.default_rng(1).normal(size=(9, 7))
        build([SOFTMAX])[0](x, y := np.empty_like(x))
        return y.tobytes()

    first = results()
    forget()
    assert results() == first
    assert compiled() == 1


def test_kernels_of_one_name_from_different_processes_are_not_confused(cache, compiled):
    """Each is the first one in its process, so numba numbers them alike."""
    assert compilations("check_scaled(build([scaled(2)])[0], 2)") == 1
    assert compilations("check_scaled(build([scaled(3)])[0], 3)") == 1
    double, triple = build([scaled(2), scaled(3)])
    check_scaled(double, 2)
    check_scaled(triple, 3)
    assert compiled() == 0


def test_processes_may_compile_the_same_kernels_at_the_same_time(cache, compiled):
    processes = [start(BUILD_ALL) for _ in range(2)]
    for process in processes:
        assert compiled_in(process) in (0, 1, 2)
    assert [path.suffix for path in entries(cache)] == [".kernel"] * 2
    adam, softmax = build([ADAM, SOFTMAX])
    check_adam(adam)
    check_softmax(softmax)
    assert compiled() == 0


@pytest.mark.parametrize("damage", ["truncated", "one bit", "foreign", "empty", "another kernel", "a folder"])
def test_a_damaged_entry_is_compiled_again_and_replaced(cache, forget, compiled, damage):
    build([scaled(2)])
    (path,) = entries(cache)
    content = path.read_bytes()
    if damage == "another kernel":
        build([scaled(3)])
        (other,) = set(entries(cache)) - {path}
        path.write_bytes(other.read_bytes())
    elif damage == "a folder":
        path.unlink()
        path.mkdir()
    else:
        middle = len(content) // 2
        flipped = content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]
        path.write_bytes({"truncated": content[:-1], "one bit": flipped, "foreign": b"x" * 50, "empty": b""}[damage])
    forget()
    before = compiled()
    check_scaled(build([scaled(2)])[0], 2)
    assert compiled() == before + 1
    forget()
    check_scaled(build([scaled(2)])[0], 2)
    assert compiled() == before + (2 if damage == "a folder" else 1)  # a folder is in the way, and stays


def test_an_entry_that_numba_cannot_load_is_compiled_again(cache, forget, compiled):
    build([scaled(2)])
    (path,) = entries(cache)
    building.open_cache().write(path.stem, b"no pickle, with a right digest")
    forget()
    check_scaled(build([scaled(2)])[0], 2)
    assert compiled() == 2


def test_another_configuration_of_numba_has_entries_of_its_own(cache, forget, compiled, monkeypatch):
    build([scaled(2)])
    forget()
    monkeypatch.setenv("NUMBA_OPT", "1")
    build([scaled(2)])
    assert compiled() == 2
    assert len(entries(cache)) == 2


def test_another_version_of_anything_has_entries_of_its_own(monkeypatch):
    keys = {building._key(scaled(2))}
    for name in ("numba", "llvmlite", "numpy", "autograd_lite"):
        with monkeypatch.context() as patch:
            patch.setattr(sys.modules[name], "__version__", "0.0")
            building._environment.cache_clear()
            keys.add(building._key(scaled(2)))
    building._environment.cache_clear()
    assert len(keys) == 5
    assert building._key(scaled(2)) in keys


def test_an_error_of_the_compiler_reaches_the_caller_and_nothing_is_kept(cache, forget):
    wrong = KernelSource("wrong", "def wrong(x):\n    return x.no_such_attribute\n", "int64(float64[::1])")
    for _ in range(2):
        with pytest.raises(Exception, match="no_such_attribute"):
            build([scaled(2), wrong])
    assert len(entries(cache)) == 1
    check_scaled(build([scaled(2)])[0], 2)


@pytest.mark.parametrize("expression", ["np.empty(x.size).size", "len([x.size])", "len(str(x.size))", "(x + x).size"])
def test_a_kernel_that_would_allocate_is_an_error(cache, expression):
    text = f"import numpy as np\ndef allocate(x):\n    return {expression}\n"
    with pytest.raises(NumbaError):
        build([KernelSource("allocate", text, "int64(float64[::1])")])


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("text", ["def f(x):\n    return 0\n", "def f(x):\n    return x.nothing\n"])
def test_garbage_collection_is_left_as_it_was(cache, enabled, text):
    try:
        (gc.enable if enabled else gc.disable)()
        with contextlib.suppress(NumbaError):
            build([KernelSource("f", text, "int64(float64[::1])")])
        assert gc.isenabled() == enabled
    finally:
        gc.enable()


def test_machine_code_with_addresses_of_this_process_is_not_stored(cache):
    text = """
import ctypes
length = ctypes.pythonapi.Py_IsInitialized
length.argtypes, length.restype = [], ctypes.c_int

def foreign(x):
    return length()
"""
    (kernel,) = build([KernelSource("foreign", text, "int64(float64[::1])")])
    assert kernel(np.ones(2)) == 1
    assert entries(cache) == []


def test_machine_code_that_calls_the_runtime_of_numba_is_not_stored(cache, monkeypatch):
    monkeypatch.setattr(building, "_OPTIONS", {**building._OPTIONS, "_nrt": True})
    check_scaled(build([scaled(2)])[0], 2)
    assert entries(cache) == []


def test_symbols_differ_between_kernels_of_one_name(cache):
    symbols = [building._compile(scaled(factor)).fndesc.mangled_name for factor in (2, 3)]
    assert symbols[0].partition("B2v")[0] != symbols[1].partition("B2v")[0]  # numba's number of the function follows


def test_array_pointers_are_noalias(cache):
    llvm = building._compile(ADAM).library.get_llvm_str()
    (definition,) = [
        line for line in llvm.splitlines() if line.startswith("define") and "adam" in line and "cpython" not in line
    ]
    assert definition.count("noalias") >= 4


def test_without_a_cache_nothing_is_written(tmp_path):
    homes = dict.fromkeys(["HOME", "USERPROFILE", "LOCALAPPDATA", "XDG_CACHE_HOME"], str(tmp_path))
    assert compilations(BUILD_ALL, AUTOGRAD_LITE_CACHE="0", **homes) == 2
    assert entries(tmp_path) == []


def test_the_description_names_versions_and_the_cache(cache, monkeypatch):
    import numba

    assert numba.__version__ in describe()
    assert str(cache) in describe()
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", "0")
    assert 'none: AUTOGRAD_LITE_CACHE is "0"' in describe()


def test_numba_can_be_disabled(monkeypatch):
    assert available()
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert not available()


def test_without_numba_the_package_says_so():
    program = (
        "import sys; sys.modules['numba'] = None; from autograd_lite.compiler.native.building import *; "
        "assert not available(); print(describe())"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == 'numba is not installed: pip install "autograd-lite[native]"\n'


def test_asking_for_numba_does_not_import_it():
    program = (
        "import sys; from autograd_lite.compiler.native import building; building.available(); building.build([]); "
        "print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
