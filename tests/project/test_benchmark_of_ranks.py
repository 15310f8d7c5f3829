"""The model of scaling in the benchmark of several processes: its formulas, and what it predicts.

No test asserts how long anything takes.
"""

import numpy as np
import pytest
import ranks
from ranks_page import PAGE, page_with_tables

from suite import scaling_model as model

LINK = model.Link("test", 3.0, 8.0)


@pytest.mark.parametrize("count", [2, 3, 4, 8, 13])
def test_a_ring_adds_all_arrays_in_the_rounds_and_bytes_of_the_model(count):
    """The ring, run: in each round every rank sends one part to the next, which adds it, and later passes it on."""
    rng = np.random.default_rng(count)
    arrays = [rng.integers(0, 100, (count, 5)) for _ in range(count)]  # a row is a part
    expected, rounds, sent = sum(arrays), 0, 0
    for adds in (True, False):
        for turn in range(count - 1):
            start = turn if adds else turn - 1
            messages = [
                (rank, (rank - start) % count, arrays[rank][(rank - start) % count].copy()) for rank in range(count)
            ]
            for rank, part, values in messages:
                target = arrays[(rank + 1) % count][part]
                target[...] = target + values if adds else values
            rounds, sent = rounds + 1, sent + values.size
    for array in arrays:
        np.testing.assert_array_equal(array, expected)
    assert model.ring(LINK, 5 * count, count) == pytest.approx(rounds * 3.0 + sent / 8.0)


@pytest.mark.parametrize("count", [2, 3, 4, 8, 13])
def test_a_tree_adds_all_arrays_in_the_rounds_of_the_model(count):
    values, rounds, distance = np.arange(count) ** 2, 0, 1
    expected = values.sum()
    while distance < count:  # to the root
        for rank in range(0, count - distance, 2 * distance):
            values[rank] += values[rank + distance]
        rounds, distance = rounds + 1, 2 * distance
    assert values[0] == expected
    assert model.tree(LINK, 40, count) == pytest.approx(2 * rounds * (3.0 + 40 / 8.0))


def network(**changes):
    """A step of 1 + 2·samples seconds."""
    points = {share: [0, 1 + 2 * (64 / share), 0] for share in (1, 2, 4)}
    return {"samples": 64, "parameters": 10, "computation": points, "weighting": 0.5} | changes


@pytest.mark.parametrize("samples", [64, 50, 16, 2, 0.5])
def test_computation_is_a_line_between_what_was_measured_and_below(samples):
    assert model.computation(network(), samples) == pytest.approx(1 + 2 * samples)


def test_speed_up_without_communication_is_that_of_amdahl():
    free = model.Link("free", 0.0, np.inf)
    for ranks_ in (2, 16, 64):
        found = model.speed_up(network(weighting=0), ranks_, free, "ring", 0.0, same_batch=True)
        assert found == pytest.approx(129 / (1 + 128 / ranks_))
        found = model.speed_up(network(weighting=0), ranks_, free, "tree", 0.0, same_batch=False)
        assert found == pytest.approx(ranks_)


def test_the_page_has_the_tables_of_the_saved_run():
    assert page_with_tables() == PAGE.read_text(encoding="utf-8")


def test_the_measured_all_reduce_is_met_by_the_line_between_sizes():
    figures = {"all_reduce": {"10": [0, 1.0, 0], "1000": [0, 4.0, 0], "100": [0, 2.0, 0]}}
    assert ranks.reduced(figures, 40) == 1.0
    assert ranks.reduced(figures, 4 * 550) == pytest.approx(3.0)
