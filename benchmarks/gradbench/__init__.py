"""GradBench's twelve programs, each written once for several libraries; benchmarks/README.md describes them."""
