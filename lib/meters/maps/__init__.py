"""Register maps of Modbus meters as data, a module for each maker: a board loads what it names.

    NAME = (name, function, address, baud, parity, gap_ms, reads, values)

    function   3 or 4, with which everything is read
    address    of a new one
    baud       of a new one, 8 data bits, 1 stop bit
    parity     as machine.UART: None, 0 even, 1 odd
    gap_ms     how long it must be left alone between two requests
    reads      ((first register, count), ...), asked one after the other
    values     (quantity, register, count, kind, scale, quantity, ...): each five stand for
               `count` numbers that follow each other, for L1, L2, L3; kind and scale as in
               meters.registers. One tuple, for small ones cost a lot of heap

Quantities: U (mV), I (mA), p (W, of a phase), k (power factor of a phase, permille), P (W, all
phases; without it the sum of p), f (mHz), E (Wh imported; a reading without it is none).

To add a meter: its map, from the maker's document, here; its registers once more and by
themselves in boards/sim/chips/modbus_meter.py, so that a slip of the pen meets its contradiction.
"""
