"""Training programs, one file each: `batches`, and `step`, which is written once for PyTorch and autograd_lite."""
