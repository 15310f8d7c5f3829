"""Explanations of a difference of two arrays: common mistakes, and places that are right."""
