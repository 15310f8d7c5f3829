"""Helpers for tests of derivations."""

from autograd_lite import Tensor


def leaf(rng, *shape, **options):
    return Tensor(rng.normal(size=shape), requires_grad=True, **options)


def lines(derivation) -> list[str]:
    """The equations, without the shapes on the right."""
    return [line.split("  ")[0] if ",  Δ" not in line else line.rpartition("  ")[0].rstrip()
            for line in derivation.text().splitlines() if line]  # fmt: skip


def gradients(derivation) -> list[str]:
    return [line for line in lines(derivation) if line.startswith("∂")]
