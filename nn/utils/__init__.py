"""Clipping of gradients, parameters as one vector, and sequences of different lengths (`rnn`)."""

from autograd_lite.nn.utils import rnn
from autograd_lite.nn.utils.clipping import clip_grad_norm_, clip_grad_value_
from autograd_lite.nn.utils.vectors import parameters_to_vector, vector_to_parameters

__all__ = ["clip_grad_norm_", "clip_grad_value_", "parameters_to_vector", "rnn", "vector_to_parameters"]
