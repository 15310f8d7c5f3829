"""Kernels from source to callable: compiled by numba once per process, and kept in files for the next process."""

from __future__ import annotations

import functools
import gc
import importlib.metadata
import importlib.util
import os
import pickle
import re
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from autograd_lite.compiler.native.cache import Cache, open_cache
from autograd_lite.compiler.native.progress import Progress

Kernel = Callable[..., int]

_OPTIONS = {
    "error_model": "numpy",
    "fastmath": {"contract"},
    "boundscheck": False,
    "nogil": True,
    "no_cfunc_wrapper": True,
    "_nrt": False,  # nothing is allocated in a kernel; a source that would allocate is an error
}
_lock = threading.RLock()
_kernels: dict[KernelSource, Kernel] = {}


@dataclass(frozen=True)
class KernelSource:
    """The source of one kernel.

    Attributes
    ----------
    name : str
        The name of the function.
    text : str
        A module: imports, and one function of this name that returns an int64, which tells how it ended.
    signature : str
        The types, as numba writes them: ``"int64(float32[:, ::1], float32[::1], float64)"``.

    Examples
    --------
    >>> text = "def double(x):\\n    for i in range(x.size):\\n        x[i] *= 2\\n    return 0\\n"
    >>> source = KernelSource("double", text, "int64(float64[::1])")
    >>> exec(source.text)  # plain Python as well; `build` makes it fast
    >>> numbers = np.ones(3)
    >>> double(numbers), numbers
    (0, array([2., 2., 2.]))
    """

    name: str
    text: str
    signature: str


OLDEST = (
    0,
    62,
)  # LLVM 15, which earlier ones have, ends the process at a minimum of float64: "Cannot select: fminimum"


def available() -> bool:
    """Whether numba is installed, recent enough and not disabled (NUMBA_DISABLE_JIT). It is not imported."""
    return importlib.util.find_spec("numba") is not None and _version() >= OLDEST and not _disabled()


def _disabled() -> bool:
    return os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


@functools.cache
def _version() -> tuple[int, ...]:
    """The first two numbers of numba's version."""
    return tuple(int(part) for part in re.findall(r"\d+", importlib.metadata.version("numba"))[:2])


def build(sources: Sequence[KernelSource], title: str = "") -> list[Kernel]:
    """Compile the kernels, or load them from the cache.

    Equal sources are compiled once per process, and once per machine if there is a cache (`open_cache`). A kernel that
    is called checks nothing: the arrays must have the types and layouts of its signature and be as large as its loops
    assume, and one that is written must share no memory with another. In return a call with four arrays takes 0.13 µs;
    through numba's dispatcher it takes 0.22 µs.

    Parameters
    ----------
    sources : sequence of KernelSource
        The kernels, in any number.
    title : str, default ""
        What they belong to, for the line on stderr that shows the progress after a second.

    Returns
    -------
    list of callable
        One function per source. Calls release the GIL.

    Raises
    ------
    ImportError
        If numba is not installed or does not support the installed NumPy.
    Exception
        What numba raises for a source that it cannot compile. Nothing is kept of that kernel.

    Examples
    --------
    >>> build([], title="nothing")
    []
    """
    with _lock:
        unknown = [source for source in dict.fromkeys(sources) if source not in _kernels]
        if unknown:
            cache = open_cache()
            _kernels.update((source, kernel) for source in unknown if (kernel := _load(source, cache)) is not None)
            unknown = [source for source in unknown if source not in _kernels]
            with Progress(title, len(unknown)) as progress:
                for source in unknown:
                    result = _compile(source)
                    _kernels[source] = result.entry_point
                    _store(source, result, cache)
                    progress.advance()
        return [_kernels[source] for source in sources]


def describe() -> str:
    """Versions, processor and cache, for reports of problems."""
    if importlib.util.find_spec("numba") is None:
        return 'numba is not installed: pip install "autograd-lite[native]"'
    import llvmlite.binding as llvm

    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("numba", "llvmlite", "numpy"))
    disabled = ", disabled by NUMBA_DISABLE_JIT" if _disabled() else ""
    disabled += ', which is too old: pip install "autograd-lite[native]"' if _version() < OLDEST else ""
    cache = open_cache()
    return (
        f"{versions}{disabled}; processor {llvm.get_host_cpu_name()}; "
        f"cache {cache.folder or f'none: {cache.reason}'}; {len(_kernels)} kernels in this process"
    )


def _compile(source: KernelSource) -> Any:
    """The `CompileResult` of numba."""
    from numba import njit

    # The module can be imported, which numba needs to load the kernel. The hash makes the symbols of kernels of one
    # name differ, also if they were compiled in different processes: how LLVM resolves equal ones does not matter.
    namespace: dict[str, Any] = {"__name__": __name__}
    exec(compile(source.text, f"<{source.name}>", "exec"), namespace)
    function = namespace[source.name]
    function.__name__ = function.__qualname__ = f"{source.name}_{_key(source)[:32]}"
    dispatcher = njit(**_OPTIONS)(function)
    if hasattr(getattr(dispatcher, "_compiler", None), "_customize_flags"):  # no public option has this effect
        dispatcher._compiler._customize_flags = _without_aliases
    with garbage_collection_paused():
        dispatcher.compile(source.signature)
    (result,) = dispatcher.overloads.values()
    return result


@contextmanager
def garbage_collection_paused() -> Iterator[None]:
    """For work that makes so many objects that searching them for garbage would take a fifth of its time, or half."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _without_aliases(flags: Any) -> Any:
    """Pointers are `noalias`: loops need no tests for overlap, and a large kernel compiles in 0.8 of the time."""
    flags.noalias = True
    return flags


def _store(source: KernelSource, result: Any, cache: Cache) -> None:
    """Numba's serialization, in files that are checked when they are loaded; those of numba's own cache are not."""
    if cache.folder is None or result.library.has_dynamic_globals:  # such code contains addresses of this process
        return
    from numba.core.serialize import dumps

    payload = dumps(result._reduce())
    if b"NRT_" not in payload:  # numba's runtime is absent when a kernel is loaded, and LLVM would end the process
        cache.write(_key(source), payload)


def _load(source: KernelSource, cache: Cache) -> Kernel | None:
    payload = cache.read(_key(source)) if cache.folder is not None else None
    if payload is None:
        return None
    from numba.core.compiler import CompileResult
    from numba.core.compiler_lock import global_compiler_lock
    from numba.core.registry import cpu_target

    # Unlike a dispatcher, this does not import numba's implementations of Python and NumPy, which takes 0.2 s.
    try:
        with global_compiler_lock:
            kernel: Kernel = CompileResult._rebuild(cpu_target.target_context, *pickle.loads(payload)).entry_point
    except Exception:  # whatever is wrong with an entry, the kernel can be compiled
        return None
    return kernel


def _key(source: KernelSource) -> str:
    """The name of the cache entry: a hash of everything that the machine code depends on."""
    return sha256(repr((source, _environment(), sorted(_settings()))).encode()).hexdigest()


@functools.cache
def _environment() -> tuple[object, ...]:
    import llvmlite
    import llvmlite.binding as llvm
    import numba
    import numpy as np

    package = sys.modules["autograd_lite"]  # complete by now; an import statement would make a circle
    return (
        (package.__version__, numba.__version__, llvmlite.__version__, np.__version__, sys.version),
        (llvm.get_process_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()),
        (numba.config.USING_SVML, sorted(_OPTIONS.items(), key=str)),
        # Kernels contain the functions of this folder, and a version number does not change with each of their lines.
        sha256(b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))).hexdigest(),
    )


def _settings() -> list[tuple[str, str]]:
    """The variables that configure numba, such as NUMBA_OPT."""
    return [(name, value) for name, value in os.environ.items() if name.startswith("NUMBA_")]
