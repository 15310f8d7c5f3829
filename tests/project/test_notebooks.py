"""The notebooks of the course run from top to bottom; attempts at exercises are refuted, and solutions pass."""

import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "learn"
PATHS = sorted(FOLDER.glob("[0-9][0-9]_*.ipynb"))
SECONDS = 60  # for one cell; all cells together take a few seconds

notebooks = pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def tags(cell):
    return cell["metadata"].get("tags", [])


def code_cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def test_the_notebooks_are_numbered_from_one_without_a_gap():
    assert [int(path.stem[:2]) for path in PATHS] == list(range(1, len(PATHS) + 1))


@notebooks
def test_a_notebook_is_committed_without_what_a_run_adds(path):
    notebook = read(path)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert notebook["metadata"]["language_info"] == {"name": "python"}  # without the version of who saved it
    for cell in code_cells(notebook):
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


@notebooks
def test_cells_have_ids_that_differ(path):
    ids = [cell["id"] for cell in read(path)["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[\w-]+", name) for name in ids)


@notebooks
def test_a_notebook_begins_with_its_only_title(path):
    texts = ["".join(cell["source"]) for cell in read(path)["cells"] if cell["cell_type"] == "markdown"]
    titles = [re.findall(r"^# (.+)$", text, flags=re.MULTILINE) for text in texts]
    assert [len(found) for found in titles] == [1] + [0] * (len(texts) - 1)
    assert texts[0].startswith("# ")


@notebooks
def test_each_exercise_is_followed_by_its_solution_which_is_folded(path):
    marked = [cell for cell in code_cells(read(path)) if {"exercise", "solution"} & set(tags(cell))]
    kinds = [{"exercise", "solution"} & set(tags(cell)) for cell in marked]
    assert 3 <= len(kinds) // 2 <= 5
    assert kinds == [{"exercise"}, {"solution"}] * (len(kinds) // 2)
    assert all({"hide-cell", "hide-input"} & set(tags(cell)) for cell in marked[1::2])


@notebooks
def test_nothing_in_a_notebook_depends_on_a_machine(path):
    source = "\n".join("".join(cell["source"]) for cell in read(path)["cells"])
    assert not re.search(r"/home/|/tmp/|/Users/|[A-Z]:\\\\|urlopen|urlretrieve|requests\.|fetch_openml", source)
    assert not re.search(r"default_rng\(\)|np\.random\.(?!default_rng|Generator)", source), "seeded numbers only"


# The second half of the course takes more than five seconds each.
@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[pytest.mark.exhaustive] * (path.stem >= "05")) for path in PATHS],
    ids=lambda path: path.stem,
)
def test_a_notebook_runs_and_the_library_refutes_attempts_and_accepts_solutions(path, tmp_path, monkeypatch):
    """An attempt prints a diagnosis ("... disagrees with ..."); the last line that a solution prints says "right"."""
    notebook = executed(path, tmp_path, monkeypatch)
    for cell in code_cells(notebook):
        kinds = [output["output_type"] for output in cell["outputs"]]
        assert "error" not in kinds
        assert not printed(cell, "stderr"), "a warning is part of the lesson only if the cell prints it"
        if "exercise" in tags(cell):
            assert "disagrees with" in printed(cell)
            assert not printed(cell).split("\n")[-1].startswith("right,")
        if "solution" in tags(cell):
            assert "disagrees with" not in printed(cell)
            assert printed(cell).split("\n")[-1].startswith("right,")
        formats = {name for output in cell["outputs"] for name in output.get("data", {}) if name.startswith("image/")}
        text = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
        assert text or "image/png" not in formats, "a picture needs a text for those who cannot see it"
        assert formats or not text, "the picture of this text is missing"


def executed(path, folder, monkeypatch):
    """The notebook with the outputs of a run, in a folder of its own."""
    for variable in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(variable, str(folder / variable.lower()))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")  # jupyter_core warns without it
    monkeypatch.setenv("MPLBACKEND", "Agg")  # as when the site is built; pictures appear all the same
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    work = folder / "work"
    work.mkdir()
    client = nbclient.NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(work)}}
    )
    client.execute()
    assert not list(work.iterdir()), "a notebook leaves no files"
    return notebook


def printed(cell, stream="stdout"):
    texts = [output["text"] for output in cell["outputs"] if output.get("name") == stream]
    return "".join("".join(text) for text in texts).strip()
