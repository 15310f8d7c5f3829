"""The engines, a file each; every file defines ENGINE."""
