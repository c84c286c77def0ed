"""Which meter hangs on the RS-485 line of the board, and what to say of it in board.json.

Set before, if it is not 1: ADDRESSES, such as range(1, 11). Nothing is written to a meter; a map
whose readings contradict each other does not count. It takes half a minute for each address, and
more under load tells more. Holds: something fits.
"""

import probe
import time

from boards._esp32.board import pin, uart
from meters.probe import Probe
from modbus.master import Master

# The first of those that fit equally well is told.
_MAPS = (
    "eastron.SDM630", "eastron.SDM72D_V2", "eastron.SDM72D_V1", "eastron_single.SDM120",
    "eastron_single.SDM230", "chint.DTSU666", "chint.DDSU666", "abb.B23", "gavazzi.EM340",
    "pzem.PZEM_004T",
)  # fmt: skip


def load(name):
    """Return a map by its name in board.json."""
    module, _, name = name.partition(".")
    return getattr(__import__("meters.maps." + module, None, None, (name,)), name)


def open_line(baud, parity):
    return Master(uart(dict(line, baud=baud, parity=parity), baud), baud, direction)


line = probe.description()["rs485"]
direction = pin(line.get("direction"), 0)
addresses = globals().get("ADDRESSES", (1,))
maps = [load(name) for name in _MAPS]
search = Probe(open_line, maps, addresses)
while not search.is_done:
    search.tick(time.ticks_ms())
    time.sleep_ms(10)
found = []
for address in addresses:
    best = search.best(address)
    for _, entry, where, baud, parity in search.fits:
        if entry is best and where == address:
            found.append({
                "meter": {"map": _MAPS[maps.index(entry)], "address": address},
                "rs485": {"baud": baud, "parity": parity},
            })
probe.report("meter_probe", found=found, holds=len(found) > 0)
