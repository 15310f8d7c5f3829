"""Atomic replacement of a file: at every instant its path holds the complete old or the complete new file."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO


def replace_file(path: str | os.PathLike[str], write: Callable[[BinaryIO], object]) -> None:
    """Replace the file at `path` by a new one with the contents that `write` writes.

    The new file is written in the same folder and synced to the disk, then renamed, which is atomic. Finally the folder
    is synced, so that a power failure cannot undo it. `write` receives the file, open for reading and writing. A link
    keeps its target, a file keeps its permissions. A killed process may leave a file ``.<name>.<random>.tmp``.

    Raises
    ------
    OSError
        If the file cannot be written (disk full, no permission, folder gone). The old file is unchanged.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "numbers")
    >>> replace_file(path, lambda file: file.write(b"1 2 3"))
    >>> os.path.getsize(path)
    5
    """
    target = os.path.realpath(path)
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name[:50]}.{os.urandom(8).hex()}.tmp")
    try:
        mode = _permissions(target)
        try:
            with open(temporary, "x+b") as file:
                write(file)
                file.flush()
                if mode is not None:
                    os.chmod(temporary, mode)
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            with suppress(OSError):  # the folder may be gone; the original error is raised
                os.unlink(temporary)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(error.errno, f"cannot write {show_path(path)}, which is unchanged: {reason}") from error
    if os.name == "posix":  # elsewhere a folder cannot be opened
        _sync_folder(folder)


def kind_of_file(mode: int) -> str:
    """The kind of what is at a path in place of a regular file.

    Examples
    --------
    >>> kind_of_file(os.stat("/").st_mode)
    'a folder, not a regular file'
    """
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return f"{kinds.get(stat.S_IFMT(mode), 'a device')}, not a regular file"


def show_path(path: str | os.PathLike[str]) -> str:
    """A path in an error message: on one line, and only the end of a long one.

    Examples
    --------
    >>> show_path("runs/first.npz")
    'runs/first.npz'
    """
    text = str(os.fspath(path))
    text = text if text.isprintable() else repr(text[-400:])
    return text if len(text) <= 200 else f"...{text[-200:]}"


def _permissions(target: str) -> int | None:
    """The permissions of the file, None if there is no file; OSError if it must not be replaced."""
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        raise OSError(errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL, f"it is {kind_of_file(mode)}")
    if not os.access(target, os.W_OK):  # a rename would replace it nevertheless
        raise PermissionError(errno.EACCES, "it is write-protected")
    return stat.S_IMODE(mode)


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some file systems sync no folders
            raise
    finally:
        os.close(descriptor)
