"""Items of an iterator computed in advance, in a thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")
_END: Any = object()


def ahead(items: Iterator[T], number: int) -> Generator[T, None, None]:
    """The same items in the same order; up to `number` of them are computed while the caller uses the one before.

    An error arrives where its item would. The thread ends with the loop, also with one that is left; close the
    iterator to be sure of that.

    Examples
    --------
    >>> list(ahead(iter("abc"), 2))
    ['a', 'b', 'c']
    """
    if not number:
        yield from items
        return
    from concurrent.futures import Future, ThreadPoolExecutor  # imports logging

    def submit() -> None:
        coming.append(thread.submit(context.run, lambda: next(items, _END)))

    context = copy_context()
    coming: deque[Future[T]] = deque()
    with ThreadPoolExecutor(1, "autograd_lite.ahead") as thread:
        try:
            for _ in range(number):
                submit()
            while (item := coming.popleft().result()) is not _END:
                submit()
                yield item
        finally:
            for future in coming:
                future.cancel()
