"""Card readers: step-wise drivers over a given bus or port, a module for each: a board loads one.

    mfrc522         NXP MFRC522 and its copies on SPI
    pn532           NXP PN532, with pn532_uart, pn532_i2c or pn532_spi to carry its frames
    wiegand         readers with a Wiegand output, 26 and 34 bits, keypads
    rdm6300         RDM6300 for tags of 125 kHz, on a UART

A driver is an object with

    tick(now)         move on; every 5 to 20 ms. Never waits, and does a bounded amount of work:
                      10 ms at most, its transfers included (tests/sim/blocking.py)
    next_deadline()   ticks until when it has nothing to do by itself, or None
    held              UID of the card that is at the reader, or None
    is_silent         the reader does not work. Readers that speak only of cards never know

`tick` answers with None or one of

    ("card", uid)    once per presence; uid is bytes, most significant first as the card sends it
    ("removed",)     the card reported last has left
    ("silent",)      the reader does not work any more
    ("back",)        and works again
    ("key", number)  a key of its keypad, where asked for

What a card may do is decided elsewhere; `uid.uid_text` makes the id token of OCPP.
"""
