"""Writing a file so that its path holds, at every instant, the old file or the new one, whole."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO


def replace_file(path: str | os.PathLike[str], write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a new file, and put it in the place of the one at `path`.

    It is written in the same folder, flushed and synced to the disk, then renamed, which is one step for whoever
    looks; at last the folder is synced, so that a power cut cannot undo it. `write` gets the file open for reading and
    writing. A link keeps pointing where it did, a file keeps its permissions. What a killed process leaves behind is
    called ``.<name>.<random>.tmp``.

    Raises
    ------
    OSError
        If that is not possible (disk full, no permission, folder gone). The path holds what it held before.

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
            with suppress(OSError):  # the folder may be gone; the error that led here says more
                os.unlink(temporary)
            raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise OSError(error.errno, f"cannot write {show_path(path)}, which is as it was: {reason}") from error
    if os.name == "posix":  # elsewhere a folder cannot be opened
        _sync_folder(folder)


def kind_of_file(mode: int) -> str:
    """What stands at a path where a regular file belongs.

    Examples
    --------
    >>> kind_of_file(os.stat("/").st_mode)
    'a folder, not a regular file'
    """
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return f"{kinds.get(stat.S_IFMT(mode), 'a device')}, not a regular file"


def show_path(path: str | os.PathLike[str]) -> str:
    """A path as error messages show it: on one line, the end of it if it is long.

    Examples
    --------
    >>> show_path("runs/first.npz")
    'runs/first.npz'
    """
    text = str(os.fspath(path))
    text = text if text.isprintable() else repr(text[-400:])
    return text if len(text) <= 200 else f"...{text[-200:]}"


def _permissions(target: str) -> int | None:
    """Those of the file that is there, None if there is none; OSError if it is not to be replaced."""
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        raise OSError(errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL, f"it is {kind_of_file(mode)}")
    if not os.access(target, os.W_OK):  # renaming would not ask
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
