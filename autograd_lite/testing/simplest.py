"""The simplest inputs for which a condition holds, searched with Hypothesis."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any

import hypothesis
from hypothesis import configuration
from hypothesis import strategies as st


def simplest(
    drawn: st.SearchStrategy[Any], condition: Callable[[Any], bool], max_examples: int, seed: int
) -> tuple[Any, ...] | None:
    """The simplest inputs for which the condition holds."""
    settings = hypothesis.settings(
        max_examples=max_examples,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    find = partial(hypothesis.find, drawn, condition, settings=settings, random=random.Random(seed))
    try:
        with _leaving_no_files():
            if not hypothesis.currently_in_test_context():
                return tuple(find())
            with ThreadPoolExecutor(1) as thread:  # Hypothesis allows no search inside a test, but in another thread
                return tuple(thread.submit(find).result())
    except hypothesis.errors.NoSuchExample:
        return None


@contextmanager
def _leaving_no_files() -> Iterator[None]:
    """Hypothesis keeps the constants of the user's modules in a folder ".hypothesis" where the program runs.

    A search leaves no such folder, unless it is there, or the program or pytest has chosen another place.
    """
    chosen = vars(configuration).get("__hypothesis_home_directory") or os.environ.get("HYPOTHESIS_STORAGE_DIRECTORY")
    if chosen or os.path.exists(".hypothesis"):
        yield
        return
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        configuration.set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            configuration.set_hypothesis_home_dir(None)
