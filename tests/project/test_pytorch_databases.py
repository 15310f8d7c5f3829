"""PyTorch's own cases of tests give the same numbers here, or are refused; those that are missing are known."""

import re
from collections import Counter
from pathlib import Path

import pytest
import pytorch_databases

pytest.importorskip("torch", reason="PyTorch is not installed; it is not needed, only agreed with")

# What is refused on purpose: negative weights of classes, targets that are no probabilities, labels other than ±1,
# batches without samples, and modules of the same name with another meaning.
REFUSED = {"nn.CrossEntropyLoss", "nn.KLDivLoss", "nn.MarginRankingLoss", "nn.BatchNorm1d", "nn.BatchNorm2d",
           "nn.BatchNorm3d", "nn.Threshold"}  # fmt: skip


PAGE = Path(__file__).parents[2] / "docs" / "from_pytorch.md"


def check_the_figures(cases, kind):
    """The figures on the page, for the version of PyTorch that it names."""
    import torch

    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    (version,) = re.findall(r"in PyTorch (\d+\.\d+)'s own data bases", page)
    if torch.__version__.startswith(f"{version}."):
        counts = Counter(case.verdict for case in cases)
        equal, absent = counts["equal"], counts["refused"] + counts["missing"]
        assert re.search(rf"{equal} of {kind} are equal, 0 different and {absent} refused|"
                         rf"{kind} {equal} are equal, 0 different and {absent} refused", page)  # fmt: skip


@pytest.mark.exhaustive
@pytest.mark.filterwarnings("ignore")
def test_no_module_gives_other_numbers_and_few_are_refused():
    module_db, _ = pytorch_databases.databases()
    cases = list(pytorch_databases.module_cases(module_db))
    assert [case for case in cases if case.verdict == "different"] == []
    assert {case.name for case in cases if case.verdict == "refused"} <= REFUSED
    assert sum(case.verdict in ("refused", "missing") for case in cases) < 250
    assert sum(case.verdict == "equal" for case in cases) > 3000
    check_the_figures(cases, "modules")


@pytest.mark.filterwarnings("ignore")
def test_no_optimizer_gives_other_numbers():
    _, optim_db = pytorch_databases.databases()
    cases = list(pytorch_databases.optimizer_cases(optim_db))
    assert [case for case in cases if case.verdict == "different"] == []
    assert sum(case.verdict in ("refused", "missing") for case in cases) < 130
    check_the_figures(cases, "optimizers and schedules")
