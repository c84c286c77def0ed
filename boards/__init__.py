"""LITTLEFS: how every board mounts its flash, the simulated one, too.

A file up to 4 * progsize lies within its directory's block, so that replacing a record of the
firmware takes 0.1 erases; with MicroPython's own 32 bytes it takes a whole one.
"""

LITTLEFS = {"readsize": 128, "progsize": 128, "lookahead": 32, "mtime": False}
