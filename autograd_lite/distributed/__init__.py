"""Training on several processes by MPI, with the numbers of one process.

`launch` finds the processes; `exchange` is the bounded wait for all of them; `communicator` sends data between them;
`optimizer` averages gradients, and `metrics` checks and averages other values. `batch_normalization` uses the samples
of all processes, by `summation`.
"""

from autograd_lite.distributed.batch_normalization import SyncBatchNorm, convert_sync_batchnorm
from autograd_lite.distributed.communicator import Communicator
from autograd_lite.distributed.exchange import DistributedError
from autograd_lite.distributed.launch import communicator
from autograd_lite.distributed.metrics import check_same, mean
from autograd_lite.distributed.optimizer import Optimizer

__all__ = [
    "Communicator", "DistributedError", "Optimizer", "SyncBatchNorm", "check_same", "communicator",
    "convert_sync_batchnorm", "mean",
]  # fmt: skip
