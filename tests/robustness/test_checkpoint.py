"""Checkpoints: a run resumed after any step continues bit for bit; a checkpoint that does not fit changes nothing."""

import os

import numpy as np
import pytest
from robustness.small_training import Training, assert_same

from autograd_lite import Checkpoint, load, optim, save
from autograd_lite.persistence.saving import CorruptedFileError


@pytest.mark.parametrize(("stop", "compiled"), [*((stop, False) for stop in range(1, 10)), (3, True)])
def test_a_training_resumed_after_any_step_goes_on_bit_by_bit(tmp_path, stop, compiled):
    """An epoch has four batches, so the stops include the middle and the end of an epoch."""
    through = Training(tmp_path / "unused").run(13)
    Training(tmp_path / "run", compiled=compiled).run(stop, save=True)
    resumed = Training(tmp_path / "run", seed=9, compiled=compiled)
    resumed.batches.arrays = through.batches.arrays  # the data is not part of the checkpoint
    resumed.run(13, save=True)
    assert resumed.losses == through.losses[stop:]
    assert_same(resumed.state()["model"], through.state()["model"])
    assert_same(resumed.state()["optimizer"], through.state()["optimizer"])


def test_the_last_checkpoints_stay_and_what_killed_saves_left_behind_goes(tmp_path):
    (tmp_path / f".checkpoint-0000000001.npz.{'0' * 16}.tmp").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("mine")
    Training(tmp_path, keep=2).run(5, save=True)
    assert sorted(os.listdir(tmp_path)) == ["checkpoint-0000000004.npz", "checkpoint-0000000005.npz", "notes.txt"]


def test_resuming_takes_the_newest_that_can_be_read(tmp_path):
    Training(tmp_path).run(3, save=True)
    newest = tmp_path / "checkpoint-0000000003.npz"
    newest.write_bytes(newest.read_bytes()[:-1])
    training = Training(tmp_path)
    with pytest.warns(UserWarning, match="0000000003.npz is refused"):
        assert training.checkpoint.resume() == {"step": 2}
    training.checkpoint.save(2, epoch=(1, "a"))
    with pytest.warns(UserWarning, match="refused"):
        assert training.checkpoint.resume() == {"step": 2, "epoch": (1, "a")}
    for path in tmp_path.glob("*.npz"):
        path.write_bytes(b"")
    before = training.state()
    with pytest.warns(UserWarning, match="trying"), pytest.raises(CorruptedFileError, match="no checkpoint"):
        training.checkpoint.resume()
    assert_same(training.state(), before)


def test_a_checkpoint_of_something_else_changes_nothing(tmp_path):
    Training(tmp_path).run(2, save=True)
    other = Training(tmp_path, seed=1, features=3).run(1)
    before = other.state()
    with pytest.raises(ValueError, match=r"0.weight has shape \(5, 4\), expected \(5, 3\)"):
        other.checkpoint.resume()
    assert_same(other.state(), before)
    # The optimizer raises after the model has been loaded, and the model is restored.
    other = Training(tmp_path, seed=1).run(1)
    other.checkpoint.parts["optimizer"] = optim.Adam(other.model.parameters())
    before = other.state()
    with pytest.raises(ValueError, match="options"):
        other.checkpoint.resume()
    assert_same(other.state(), before)
    for parts in [{"model": other.model}, {**other.checkpoint.parts, "more": np.random.default_rng(0)}]:
        with pytest.raises(ValueError, match="has the parts"):
            Checkpoint(tmp_path, **parts).resume()


def test_a_folder_belongs_to_one_run(tmp_path):
    Training(tmp_path).run(2, save=True)
    training = Training(tmp_path).run(1)
    with pytest.raises(FileExistsError, match="step 2"):
        training.checkpoint.save(1)
    assert len(os.listdir(tmp_path)) == 2


@pytest.mark.parametrize(("options", "error"), [({}, ValueError), ({"model": 3}, TypeError), ({"keep": 0}, ValueError)])
def test_a_checkpoint_that_makes_no_sense_is_refused(tmp_path, options, error):
    with pytest.raises(error, match="Checkpoint"):
        Checkpoint(tmp_path, **options)


def spoil_generator(state):
    state["generators"][""]["more"] = 1


def spoil_optimizer(state):
    state["parts"]["optimizer"]["state"] = "text"


def spoil_optimizer_keys(state):
    state["parts"]["optimizer"]["more"] = 1


def spoil_numbering(state):
    state["parts"]["optimizer"]["param_groups"][0]["params"].reverse()


def spoil_names(state):
    state["parts"][7] = {}


@pytest.mark.parametrize(
    "spoil", [spoil_generator, spoil_optimizer, spoil_optimizer_keys, spoil_numbering, spoil_names]
)
def test_a_state_that_was_once_taken_in_part_is_refused(tmp_path, spoil):
    """Found by `test_misshapen_checkpoints_are_loaded_whole_or_change_nothing`."""
    Training(tmp_path).run(1, save=True)
    (path,) = tmp_path.iterdir()
    state = load(path)
    spoil(state)
    save(path, state)
    training = Training(tmp_path, seed=1).run(2)
    before = training.state()
    with pytest.raises(ValueError, match=r"Checkpoint\.resume"):
        training.checkpoint.resume()
    assert_same(training.state(), before)


@pytest.mark.parametrize("first", ["batches", "model"])
def test_in_the_middle_of_an_epoch_nothing_is_resumed(tmp_path, first):
    """Restoring used to fail at the same part as loading, which left the later parts changed."""
    training = Training(tmp_path / "run")
    parts = {name: training.checkpoint.parts[name] for name in sorted(training.checkpoint.parts, key=first.__ne__)}
    checkpoint = Checkpoint(tmp_path / "run", **parts)
    checkpoint.save(0)
    epoch = iter(training.batches)
    training.compute(*next(epoch))
    before = training.state()
    with pytest.raises(ValueError, match="an epoch is under way"):
        checkpoint.resume()
    assert_same(training.state(), before)
    epoch.close()
    assert checkpoint.resume() == {"step": 0}
