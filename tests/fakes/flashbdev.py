"""Stands in for `flashbdev`: `bdev` is what MicroPython has mounted at "/" before boot.py ran."""

bdev: object = "partition vfs"
