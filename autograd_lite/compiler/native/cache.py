"""Compiled kernels in files, between processes: one file per kernel, in a folder that nobody else can write to.

A file is a SHA-256 digest and what it is the digest of. It detects damage, not malice: whoever may write to the folder
may run code in the process that reads it. Therefore the folder and all folders above it are examined first.
"""

from __future__ import annotations

import itertools
import os
import stat
import sys
import tempfile
import warnings
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256

_SUFFIX = ".kernel"
_TEMPORARY = ".kernel.tmp"
_MOST_FILES, _MOST_BYTES = 5_000, 500_000_000
_KEPT = 0.75  # of these limits, so that files are removed rarely
_WRITES_PER_CHECK = 256  # listing 5,000 files takes 10 ms
_writes = itertools.count()


@dataclass(frozen=True)
class Cache:
    """A folder of entries. Whatever goes wrong with the disk, an entry is absent or not written; nothing is raised.

    Attributes
    ----------
    folder : str or None
        None if there is no cache: nothing is found and nothing is written.
    reason : str
        Why there is none.
    """

    folder: str | None
    reason: str = ""

    def read(self, key: str) -> bytes | None:
        """What was written under this key, None if nothing was or the file is damaged."""
        if self.folder is None:
            return None
        path = os.path.join(self.folder, key + _SUFFIX)
        try:
            with open(path, "rb") as file:
                if _objection(os.fstat(file.fileno())):
                    return None
                content = file.read()
        except OSError:
            return None
        digest, payload = content[:32], content[32:]
        if digest != _digest(key, payload):
            return None
        with suppress(OSError):  # the entries used last are kept
            os.utime(path)
        return payload

    def write(self, key: str, payload: bytes) -> None:
        """Replace the entry of this key; another process sees the whole new file or none."""
        if self.folder is None:
            return
        with suppress(OSError):
            descriptor, temporary = tempfile.mkstemp(_TEMPORARY, dir=self.folder)
            try:
                with open(descriptor, "wb") as file:
                    file.write(_digest(key, payload) + payload)
                os.replace(temporary, os.path.join(self.folder, key + _SUFFIX))
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary)
                raise
            if next(_writes) % _WRITES_PER_CHECK == 0:
                self._remove_oldest()

    def _remove_oldest(self) -> None:
        """Keep the limits. Temporary files of killed processes count; other files in the folder do not."""
        assert self.folder is not None
        with os.scandir(self.folder) as found:
            files = [(file.stat(), file.path) for file in found if file.name.endswith((_SUFFIX, _TEMPORARY))]
        number, size = len(files), sum(status.st_size for status, _ in files)
        if number <= _MOST_FILES and size <= _MOST_BYTES:
            return
        for status, path in sorted(files, key=lambda file: file[0].st_mtime_ns):
            if number <= _KEPT * _MOST_FILES and size <= _KEPT * _MOST_BYTES:
                break
            with suppress(FileNotFoundError):  # another process may do the same
                os.unlink(path)
            number, size = number - 1, size - status.st_size


def open_cache() -> Cache:
    """The cache that the environment names, or the one in the user's cache folder.

    AUTOGRAD_LITE_CACHE names the folder; "" and "0" turn the cache off. The folder is created if it is missing.

    Warns
    -----
    RuntimeWarning
        If another user could change the folder, or one above it. Then there is no cache.
    """
    wanted = os.environ.get("AUTOGRAD_LITE_CACHE")
    if wanted in ("", "0"):
        return Cache(None, f'AUTOGRAD_LITE_CACHE is "{wanted}"')
    folder = os.path.abspath(os.path.expanduser(wanted)) if wanted else default_folder()
    if not os.path.isabs(folder):
        return Cache(None, "the user has no home folder")
    folder = os.path.realpath(folder)  # links are resolved first: nobody can redirect what has been examined
    try:
        _make(folder)
        objection = _unsafe(folder)
    except OSError as error:
        return Cache(None, f"{folder} cannot be used: {error}")
    if objection is None:
        return Cache(folder)
    reason = f"compiled kernels are not stored in {folder}, because {objection}"
    warnings.warn(f"{reason}, or set AUTOGRAD_LITE_CACHE to another folder (0: none)", RuntimeWarning, stacklevel=2)
    return Cache(None, reason)


def default_folder() -> str:
    """The folder in the user's profile, by the convention of the system.

    Examples
    --------
    >>> os.path.basename(default_folder())
    'native'
    """
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    elif sys.platform == "darwin":
        base = os.path.join(home, "Library", "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME", "")
        if not os.path.isabs(base):  # the specification says to ignore it
            base = os.path.join(home, ".cache")
    return os.path.join(base, "autograd_lite", "native")


def _digest(key: str, payload: bytes) -> bytes:
    """The key is included, so that a file under another name is none."""
    return sha256(key.encode() + payload).digest()


def _make(folder: str) -> None:
    """Create the folder and those above it, for the user alone; `os.makedirs` would leave those above to the umask."""
    if not os.path.isdir(folder):
        _make(os.path.dirname(folder))
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700)


def _unsafe(folder: str) -> str | None:
    """Why others could change what is in the folder, and what to do about it; None if they cannot.

    The folders above it count too, up to the home folder, because whoever can write to one can replace the next. A
    sticky one (/tmp) prevents that.
    """
    home, at, status = os.path.realpath(os.path.expanduser("~")), folder, os.stat(folder)
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(folder)
    while True:
        objection = _objection(status)
        if objection and not (at != folder and objection == _WRITABLE and status.st_mode & stat.S_ISVTX):
            return objection.format(at)
        above = os.path.dirname(at)
        if at in (home, above):
            return None
        at, status = above, os.stat(above)


_WRITABLE = "others can write to {0}; run `chmod go-w {0}`"
_FOREIGN = "{0} belongs to another user; choose a folder of your own"


def _objection(status: os.stat_result) -> str | None:
    """Why others could change this file or folder, for `str.format` with its path; None if they cannot."""
    if sys.platform == "win32":  # modes say nothing there; folders of a profile are the user's
        return None
    if status.st_uid not in (0, os.getuid()):
        return _FOREIGN
    return _WRITABLE if status.st_mode & 0o022 else None
