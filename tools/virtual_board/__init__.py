"""A board without hardware: MicroPython behind a pseudo-terminal, with a littlefs on flash.

To the real mpremote, and to every tool of ours, it is a board on a serial port: see host.py.
`python -m tools.virtual_board` starts one.
"""

from tools.virtual_board.host import VirtualBoard

__all__ = ["VirtualBoard"]
