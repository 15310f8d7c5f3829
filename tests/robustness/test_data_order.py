"""The order of the data continues where it was saved, also in the middle of an epoch."""

import copy
import tempfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import data, load, save


@given(st.integers(0, 12), st.integers(1, 5), st.integers(0, 8), st.booleans(), st.booleans(), st.booleans())
def test_batches_go_on_in_the_middle_of_an_epoch(samples, batch_size, visited, shuffle, drop_last, finished):
    def make():
        options = {"batch_size": batch_size, "shuffle": shuffle, "drop_last": drop_last}
        return data.Batches(np.arange(samples), **options, rng=np.random.Generator(np.random.MT19937(3)))

    batches, resumed = make(), make()
    list(batches)
    epoch = iter(batches)
    for _, _ in zip(range(visited), epoch, strict=False):
        pass
    if finished:
        epoch.close()  # as `break` does: an epoch that was left is not continued
    with tempfile.TemporaryDirectory() as folder:
        save(f"{folder}/a.npz", batches.state_dict())
        resumed.load_state_dict(load(f"{folder}/a.npz"))
    rest = [] if finished else [part.tolist() for (part,) in epoch]
    new = [part.tolist() for (part,) in batches]
    begun = len(batches) >= visited > 0 and not finished
    if begun:
        assert [part.tolist() for (part,) in resumed] == rest
    assert [part.tolist() for (part,) in resumed] == (new if begun or not rest else rest)


@pytest.mark.parametrize("drop_last", [True, False])
def test_an_epoch_can_be_continued_several_times(drop_last):
    """The numbers of the samples still to come may be larger than their count."""
    batches = data.Batches(np.arange(1001), batch_size=100, drop_last=drop_last, rng=0)
    expected, seen = [part.tolist() for (part,) in batches], []
    batches = data.Batches(np.arange(1001), batch_size=100, drop_last=drop_last, rng=0)
    for _ in range(len(expected)):
        epoch = iter(batches)
        seen.append(next(epoch)[0].tolist())
        state = batches.state_dict()
        batches = data.Batches(np.arange(1001), batch_size=100, drop_last=drop_last, rng=0)
        batches.load_state_dict(state)
    assert seen == expected


@pytest.mark.parametrize(
    "state",
    [{}, {"rest": None}, {"rest": np.array([0, 9]), "rng": None}, {"rest": np.array([0, 0]), "rng": None},
     {"rest": np.array([0.5]), "rng": None}, {"rest": np.array([-1]), "rng": None}, {"rest": [[1]], "rng": None},
     {"rest": None, "rng": {}}],
    ids=str,
)  # fmt: skip
def test_a_state_of_other_data_is_refused(state):
    with pytest.raises(ValueError, match="load_state_dict"):
        data.Batches(np.arange(4), batch_size=2).load_state_dict(state)


def test_of_two_epochs_at_a_time_none_can_be_continued():
    batches = data.Batches(np.arange(4), batch_size=2)
    epochs = [iter(batches), iter(batches)]
    for epoch in epochs:
        next(epoch)
    with pytest.raises(RuntimeError, match="2 epochs"):
        batches.state_dict()
    copied = copy.deepcopy(batches)
    assert copied.state_dict()["rest"] is None  # nobody loops over the copy
    assert len(list(copied)) == 2
    del epochs[0], epoch
    assert batches.state_dict()["rest"].shape == (2,)
    with pytest.raises(RuntimeError, match="under way"):
        batches.load_state_dict({"rest": None, "rng": None})
