"""The engines, one file each. Every file defines ENGINE."""
