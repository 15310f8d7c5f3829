"""``pytest tests/robustness --full`` runs the numbers of cases in docs/robustness.md, and prints figures."""

from collections import Counter

import numpy as np
import pytest

from autograd_lite import Checkpoint, data, nn, optim


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="trust: 30 kills, 1,000 files, 100,000 steps, ...: minutes")


@pytest.fixture
def count(request):
    """``count(few, many)``: few in an ordinary run, many with ``--full``."""
    full = request.config.getoption("--full", default=False)
    return lambda few, many: many if full else few


@pytest.fixture
def figure(record_property):
    """``figure(text)``: a line of the summary, recorded in the report, so that it also works in worker processes."""
    return lambda text: record_property("figure", text)


@pytest.fixture
def training(tmp_path):
    """The checkpoint of a run that has continued since it was saved."""
    model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.BatchNorm1d(4), nn.Dropout(0.5, rng=1), nn.Linear(4, 2, rng=2))
    optimizer = optim.Adam(model.parameters())
    batches = data.Batches(np.zeros((9, 3)), batch_size=2, rng=np.random.Generator(np.random.MT19937(0)))
    checkpoint = Checkpoint(tmp_path, model=model, optimizer=optimizer, batches=batches)
    nn.MSELoss()(model(np.ones((5, 3))), np.zeros((5, 2))).backward()
    optimizer.step()
    checkpoint.save(1)
    for parameter in model.parameters():
        parameter.data += 1
    return checkpoint


def pytest_terminal_summary(terminalreporter):
    passed = terminalreporter.stats.get("passed", [])
    figures = [value for report in passed for name, value in report.user_properties if name == "figure"]
    if figures:
        terminalreporter.section("trust")
        for text, times in Counter(figures).items():
            terminalreporter.write_line(f"{text}: {times}" if times > 1 else text)
