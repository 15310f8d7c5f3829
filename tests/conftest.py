"""Hypothesis profiles: `ci` finds the same things on every run, `thorough` searches (HYPOTHESIS_PROFILE=thorough)."""

import os
import tempfile

os.environ.setdefault("AUTOGRAD_LITE_PROGRESS", "0")
# Kernels stay compiled from one run to the next, apart from those of the user.
os.environ.setdefault(
    "AUTOGRAD_LITE_CACHE", os.path.join(tempfile.gettempdir(), f"autograd_lite_tests_{getattr(os, 'getuid', int)()}")
)
for library in ("OMP", "OPENBLAS", "MKL"):  # there is one process of tests on each core
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

from hypothesis import HealthCheck, Phase, settings  # noqa: E402

# What a test draws may take long (axes and shapes that must fit), and parametrized tests share one function. It is not
# explained which parts of a failing example matter: this was nine tenths of the time of docstrings that search.
settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=8, suppress_health_check=[HealthCheck.too_slow],
    phases=[phase for phase in Phase if phase is not Phase.explain],
)  # fmt: skip
settings.register_profile(
    "thorough", deadline=None, max_examples=500, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
