"""Chips of the simulated board, at the level of registers and bytes.

Each has the connections of the real part (`spi`, `uart`, `select`) for the unchanged driver, and
plain attributes and methods for the world around it. Time is a callable that gives ticks in ms.
"""
