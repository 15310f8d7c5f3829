"""Families of operations are complete when a thread gets an operation of them."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from autograd_lite.support.operation_table import OperationTable


def test_a_thread_that_asks_while_a_family_is_imported_waits_for_it():
    table, lock, begun, may_end = OperationTable(), threading.Lock(), threading.Event(), threading.Event()

    def import_family():
        with lock:  # as Python's lock of a module
            begun.set()
            assert may_end.wait(10)
            table["function"] = "operation"

    table.families["sys"] = import_family
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(table.get, "function")
        assert begun.wait(10)
        table["other"] = "a user's"  # this thread imports no family
        assert table.is_taken("other")
        second = pool.submit(table.get, "function")
        may_end.set()
        assert first.result() == second.result() == "operation"
    assert not table.families
    assert not table.is_taken("function")


CODE = """
import threading
import numpy as np, numpy.fft, scipy.special
import autograd_lite as ag
start, results = threading.Barrier(8), []
def work():
    start.wait()
    results.append(float(ag.hessian(lambda x: scipy.special.gammaln(x).sum())(np.array([2.0, 3.0]))[0, 0]))
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
print(len(results), len(set(results)))
"""


def test_the_first_derivatives_of_a_process_may_be_in_threads():
    finished = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert finished.stdout.split() == ["8", "1"], finished.stderr
