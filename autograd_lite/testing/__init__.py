"""Verification for users' tests and ours: gradients against numerical derivatives and against closed forms."""
