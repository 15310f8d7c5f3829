"""Every wrong call in the table is an error that helps, changes nothing, and does not spoil the next right call."""

from __future__ import annotations

import re
from pathlib import Path

import error_table
import pytest
from bad_inputs import world
from bad_inputs.rows import Row
from bad_inputs.table import ROWS, WITHOUT_ROWS, public_names


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """For the world of the wrong call, and for the one that is spared it."""
    return tmp_path_factory.mktemp("wrong"), tmp_path_factory.mktemp("spared")


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.name}: {row.wrong}" for row in ROWS])
def test_a_wrong_call_says_what_is_wrong_and_changes_nothing(row: Row, folders: tuple[Path, Path]) -> None:
    before, wrong = world.split(row.wrong)
    names = {**world.LIBRARY, **world.objects(folders[0])}
    world.run(before, names)
    known = dict(names)
    was = world.state(known)
    pattern = ".*".join(map(re.escape, row.message.split("...")))
    with pytest.raises(row.error, match=f"(?s){pattern}") as caught:
        world.run(wrong, names)
    assert caught.type is row.error
    assert world.state(known) == was

    result = world.plain(world.run(row.right, names))
    after = world.state(known)
    spared = {**world.LIBRARY, **world.objects(folders[1])}
    world.run(before, spared)
    assert world.plain(world.run(row.right, spared)) == result
    assert world.state({name: spared[name] for name in known}) == after


def test_every_public_name_is_called_wrongly() -> None:
    called = {row.name for row in ROWS}
    assert called | set(WITHOUT_ROWS) == public_names()
    assert not called & set(WITHOUT_ROWS)


def test_there_are_many_rows_and_none_twice() -> None:
    assert len({(row.name, row.wrong) for row in ROWS}) == len(ROWS) >= 200


def test_a_row_calls_its_name_rightly() -> None:
    strange = [row for row in ROWS if row.name.rpartition(".")[2] not in row.right and row.name not in ABSTRACT]
    assert strange == []


# What is called wrongly through objects that the world holds.
ABSTRACT = {"nn.Module", "optim.Optimizer", "lr_scheduler.LRScheduler", "data.Batches"}


def test_the_pages_are_up_to_date() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in error_table.FOLDER.iterdir()}
    assert written == error_table.pages(), "run: python tests/error_table.py"


def test_the_pages_explain_every_name_in_a_call(tmp_path: Path) -> None:
    explained = {name for names in error_table.LEGEND for name in names.split(", ")}
    assert explained == set(world.objects(tmp_path)) - {"nan"}
