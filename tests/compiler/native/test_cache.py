"""The files of the cache: damage is noticed, disks may fail, others cannot write, the size is bounded."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from autograd_lite.compiler.native import cache
from autograd_lite.compiler.native.cache import Cache, default_folder, open_cache

ROOT = Path(__file__).resolve().parents[3]
KEY = "0" * 64
posix = pytest.mark.skipif(os.name == "nt", reason="modes and owners of files say nothing on Windows")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder that does not exist yet, for the cache."""
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", str(tmp_path / "above" / "cache"))
    return tmp_path / "above" / "cache"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_read_also_through_another_object(folder):
    for payload in (b"", b"machine code", bytes(range(256)) * 1000):
        open_cache().write(KEY, payload)
        assert open_cache().read(KEY) == payload
    assert open_cache().read("1" * 64) is None
    assert names(folder) == [f"{KEY}.kernel"]


def test_every_change_of_a_file_is_noticed(folder):
    opened = open_cache()
    opened.write(KEY, b"machine code")
    (path,) = folder.iterdir()
    content = path.read_bytes()
    damaged = [content[:length] for length in range(len(content))]
    damaged += [content + b"\0", content * 2]
    damaged += [content[:at] + bytes([byte ^ 1 << at % 8]) + content[at + 1 :] for at, byte in enumerate(content)]
    for changed in damaged:
        path.write_bytes(changed)
        assert opened.read(KEY) is None
    path.write_bytes(content)
    assert opened.read(KEY) == b"machine code"


def test_a_file_under_another_name_is_no_entry(folder):
    open_cache().write(KEY, b"machine code")
    (folder / f"{KEY}.kernel").rename(folder / f"{'1' * 64}.kernel")
    assert open_cache().read("1" * 64) is None


@posix
def test_folders_and_files_are_for_the_user_alone(folder):
    before = os.umask(0)
    try:
        open_cache().write(KEY, b"machine code")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (folder.parent, folder, folder / f"{KEY}.kernel")]
    assert modes == [0o700, 0o700, 0o600]


@posix
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o720, 0o702, 0o1777])
def test_a_folder_that_others_can_write_to_is_not_used(folder, mode):
    open_cache().write(KEY, b"machine code")
    folder.chmod(mode)
    with pytest.warns(RuntimeWarning, match=f"others can write to {folder}; run `chmod go-w {folder}`"):
        opened = open_cache()
    assert opened.folder is None
    assert opened.read(KEY) is None
    folder.chmod(0o700)
    assert open_cache().read(KEY) == b"machine code"


@posix
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777])
def test_a_folder_above_may_be_writable_for_others_only_if_it_is_sticky(folder, mode):
    folder.mkdir(parents=True, mode=0o700)
    folder.parent.chmod(mode)
    if mode & stat.S_ISVTX:
        assert open_cache().folder == str(folder)
    else:
        with pytest.warns(RuntimeWarning, match=f"chmod go-w {folder.parent}`"):
            assert open_cache().folder is None


@posix
@pytest.mark.parametrize("above", [False, True])
def test_a_folder_of_another_user_is_not_used(folder, above, monkeypatch):
    folder.mkdir(parents=True, mode=0o700)
    foreign = folder.parent if above else folder
    if os.getuid() == 0:
        os.chown(foreign, 12345, -1)
    else:  # another user runs this process, for all that it can see
        foreign = folder
        user = os.getuid()
        monkeypatch.setattr(os, "getuid", lambda: user + 1)
    with pytest.warns(RuntimeWarning, match=f"{foreign} belongs to another user"):
        assert open_cache().folder is None


@posix
def test_what_is_above_the_home_folder_does_not_matter(folder, monkeypatch):
    folder.mkdir(parents=True, mode=0o700)
    folder.parent.parent.chmod(0o777)
    monkeypatch.setenv("HOME", str(folder.parent))
    assert open_cache().folder == str(folder)
    monkeypatch.setenv("HOME", str(folder.parent / "another"))
    with pytest.warns(RuntimeWarning, match="others can write"):
        assert open_cache().folder is None


@posix
def test_a_link_is_judged_by_its_target(folder):
    target = folder.parent.parent / "target"
    target.mkdir(mode=0o700)
    folder.parent.mkdir()
    folder.symlink_to(target)
    assert open_cache().folder == str(target)
    target.chmod(0o777)
    with pytest.warns(RuntimeWarning, match=f"others can write to {target}"):
        assert open_cache().folder is None


@posix
def test_a_file_that_others_can_write_to_is_no_entry(folder):
    open_cache().write(KEY, b"machine code")
    (folder / f"{KEY}.kernel").chmod(0o666)
    assert open_cache().read(KEY) is None


def test_a_user_is_warned_once(folder):
    """By the default filters; the line and the text are those of the first warning."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from autograd_lite.compiler.native.cache import open_cache\n"
        "for _ in range(3): open_cache()"
    )
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    done = subprocess.run([sys.executable, "-c", program, str(ROOT)], capture_output=True, text=True, check=True)
    assert done.stderr.count("RuntimeWarning") == (0 if os.name == "nt" else 1)


@pytest.mark.parametrize("off", ["", "0"])
def test_the_environment_turns_it_off(monkeypatch, off):
    monkeypatch.setenv("AUTOGRAD_LITE_CACHE", off)
    opened = open_cache()
    opened.write(KEY, b"machine code")
    assert (opened.folder, opened.read(KEY)) == (None, None)


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "home/.cache"),
        ("linux", {"XDG_CACHE_HOME": "ROOT/xdg"}, "xdg"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "home/.cache"),
        ("darwin", {"XDG_CACHE_HOME": "ROOT/xdg"}, "home/Library/Caches"),
        ("win32", {}, "home/AppData/Local"),
        ("win32", {"LOCALAPPDATA": "ROOT/local"}, "local"),
    ],
)
def test_the_default_is_the_cache_folder_of_the_user(tmp_path, monkeypatch, platform, variables, expected):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    for name, value in variables.items():
        monkeypatch.setenv(name, value.replace("ROOT", str(tmp_path)))
    monkeypatch.setattr(sys, "platform", platform)
    assert Path(default_folder()) == tmp_path / expected / "autograd_lite" / "native"


def test_a_folder_that_cannot_be_made_means_no_cache(folder):
    folder.parent.write_text("a file where a folder should be")
    opened = open_cache()
    opened.write(KEY, b"machine code")
    assert opened.read(KEY) is None
    assert opened.reason.startswith(f"{folder} cannot be used")


@posix
def test_a_full_disk_leaves_no_entry_and_no_temporary_file(folder):
    """The limit of the process on the size of files stands for the full disk."""
    program = (
        "import resource, sys; sys.path.insert(0, sys.argv[1]); resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))\n"
        "from autograd_lite.compiler.native.cache import open_cache; cache = open_cache()\n"
        "cache.write('0' * 64, b'short'); cache.write('1' * 64, b'long' * 1000); print(cache.read('1' * 64))"
    )
    arguments = [sys.executable, "-B", "-c", program, str(ROOT)]
    assert subprocess.run(arguments, capture_output=True, text=True, check=True).stdout == "None\n"
    assert names(folder) == [f"{KEY}.kernel"]


@posix
@pytest.mark.skipif(os.name != "nt" and os.getuid() == 0, reason="root may write to read-only folders")
def test_a_read_only_folder_can_be_read(folder):
    open_cache().write(KEY, b"machine code")
    folder.chmod(0o500)
    opened = open_cache()
    opened.write("1" * 64, b"more")
    assert (opened.read(KEY), opened.read("1" * 64)) == (b"machine code", None)
    folder.chmod(0o700)


@pytest.mark.parametrize("limit", ["files", "bytes"])
def test_the_entries_used_longest_ago_are_removed(folder, monkeypatch, limit):
    monkeypatch.setattr(cache, "_WRITES_PER_CHECK", 1)
    monkeypatch.setattr(cache, *(("_MOST_FILES", 8) if limit == "files" else ("_MOST_BYTES", 8 * (1000 + 32))))
    opened = open_cache()
    (folder / "notes.txt").write_text("not an entry")
    (folder / "killed.kernel.tmp").write_bytes(b"x" * 1032)
    os.utime(folder / "killed.kernel.tmp", (0, 0))
    os.utime(folder / "notes.txt", (0, 0))
    for number in range(7):
        opened.write(str(number) * 64, b"x" * 1000)
        os.utime(folder / f"{str(number) * 64}.kernel", (number + 1, number + 1))
    assert opened.read("0" * 64) is not None  # now it was used last
    opened.write("7" * 64, b"x" * 1000)
    assert names(folder) == [*(f"{str(number) * 64}.kernel" for number in (0, 3, 4, 5, 6, 7)), "notes.txt"]


def test_limits_are_not_checked_at_each_write(folder, monkeypatch):
    checks = []
    monkeypatch.setattr(Cache, "_remove_oldest", lambda self: checks.append(self))
    opened = open_cache()
    for number in range(300):
        opened.write(f"{number:064}", b"x")
    assert len(checks) in (1, 2)
