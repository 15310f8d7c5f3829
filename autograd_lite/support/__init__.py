"""Helpers below the engine that use no tensors: messages, conversion of user data, sums, half precision."""
