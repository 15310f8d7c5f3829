"""Disk failures raise an error, and leave the old file and the training unchanged."""

import errno
import os
import resource
import signal
import tempfile
from pathlib import Path

import pytest
from robustness.small_training import Training, assert_same, files_in

from autograd_lite import save
from autograd_lite.persistence import files

CALLS = ["fsync", "chmod", "replace", "stat", "access", "open"]


class FailingCalls:
    """Replacements for `os` and `open` in `persistence.files` whose call `number` fails. `left` counts down to it."""

    def __init__(self, number, code):
        self.left, self.code = number, code

    def counted(self, call):
        def attempt(*arguments, **options):
            self.left -= 1
            if self.left == -1:
                raise OSError(self.code, os.strerror(self.code))
            return call(*arguments, **options)

        return attempt

    def __getattr__(self, name):
        return self.counted(getattr(os, name)) if name in CALLS else getattr(os, name)

    def open_file(self, *arguments):
        return FailingFile(self.counted(open)(*arguments), self)


class FailingFile:
    """A file whose write and flush can fail."""

    def __init__(self, file, calls):
        self.file, self.write, self.flush = file, calls.counted(file.write), calls.counted(file.flush)

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.file.close()


def test_whatever_call_fails_the_old_checkpoint_and_the_training_stay(tmp_path, monkeypatch, figure):
    training = Training(tmp_path, keep=1).run(2, save=True)
    before, state, number, replaced = files_in(tmp_path), training.state(), 0, 0
    while True:
        calls = FailingCalls(number, [errno.ENOSPC, errno.EACCES, errno.EIO][number % 3])
        with monkeypatch.context() as patched:
            patched.setattr(files, "os", calls)
            patched.setattr(files, "open", calls.open_file, raising=False)
            try:
                training.checkpoint.save(2)
                break
            except OSError as error:
                assert error.errno == calls.code  # noqa: PT017 - not every call is expected to fail
        assert_same(training.state(), state)
        after = files_in(tmp_path)
        if after != before:
            replaced, before = replaced + 1, after
        assert Training(tmp_path, seed=1).checkpoint.resume() == {"step": 2}
        number += 1
    assert calls.left >= 0  # the last save completed without a failure
    assert number > 50
    assert replaced <= 1  # by the save in which only syncing the folder failed
    figure(f"failing calls during a save: {number} of {number} left a whole checkpoint and the training as it was")


def in_a_child(function):
    """The message of the exception in a separate process, which may drop its privileges."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        text = b"nothing"
        try:
            function()
        except BaseException as error:
            text = f"{type(error).__name__}: {error}".encode()
        finally:
            os.write(write, text)
            os._exit(0)
    os.close(write)
    with open(read, "rb") as pipe:
        text = pipe.read().decode()
    os.waitpid(child, 0)
    return text


def test_a_full_disk_is_an_error_and_the_old_checkpoint_stays(tmp_path):
    training = Training(tmp_path).run(1, save=True)
    before = files_in(tmp_path)

    def overfill():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))  # no file can grow beyond 2,000 bytes
        training.checkpoint.save(2)

    assert "File too large" in in_a_child(overfill)
    assert files_in(tmp_path) == before


def test_without_permission_it_is_an_error_and_the_old_checkpoint_stays():
    with tempfile.TemporaryDirectory() as folder:  # other users cannot read tmp_path
        os.chmod(folder, 0o755)
        training = Training(folder).run(1, save=True)
        path, before = Path(folder, "checkpoint-0000000001.npz"), files_in(folder)
        os.chmod(path, 0o444)

        def attempt(what, mode):
            os.chmod(folder, mode)
            if not os.geteuid():
                os.setuid(65534)  # the user nobody; root ignores permissions
            what()

        for what, mode in [(lambda: training.checkpoint.save(2), 0o555), (lambda: save(path, 1), 0o777)]:
            text = in_a_child(lambda what=what, mode=mode: attempt(what, mode))
            assert text.startswith("PermissionError")
            os.chmod(folder, 0o755)
            assert files_in(folder) == before


def test_a_folder_that_is_gone_is_an_error_and_the_training_stays(tmp_path):
    training = Training(tmp_path / "run").run(2, save=True)
    (tmp_path / "run").rename(tmp_path / "elsewhere")
    before = training.state()
    with pytest.raises(FileNotFoundError):
        training.checkpoint.save(2)
    with pytest.raises(FileNotFoundError, match="cannot write"):
        save(tmp_path / "run" / "a.npz", 1)
    assert_same(training.state(), before)
    assert len(files_in(tmp_path / "elsewhere")) == 2
    (tmp_path / "elsewhere").rename(tmp_path / "run")
    training.checkpoint.save(3)
