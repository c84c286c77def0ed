"""Which meter hangs on the RS-485 line of the board, and what to say of it in board.json.

As `meter probe` at the console, for a board whose firmware does not run. Set before, if it is not
1: ADDRESSES, such as range(1, 11). Nothing is written to a meter. It takes 10 s to two minutes for
each address, and more under load tells more. Holds: something fits.
"""

import probe
import time

from boards._esp32.board import pin, uart
from firmware.console.meter import board_lines, load
from meters.modbus_meter import ModbusMeter
from meters.probe import Probe
from modbus.master import Master

row = probe.description()["rs485"]
baud = row.get("baud", 9600)
line = Master(uart(row, baud), baud, pin(row.get("direction"), 0))
line.parity_bit = row.get("parity")
addresses = globals().get("ADDRESSES", (1,))
search = Probe(line, ModbusMeter, load, addresses)
while not search.is_done:
    search.tick(time.ticks_ms())
    time.sleep_ms(10)
search.close()
found = []
for address in addresses:
    for fit in search.best(address)[:1]:
        found += board_lines(fit)
probe.report("meter_probe", found=found, holds=len(found) > 0)
