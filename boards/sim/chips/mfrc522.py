"""The MFRC522 as its data sheet describes it, as far as a reader of type A cards can tell.

Registers, FIFO, interrupt bits with their Set1 semantics, the timer on simulated time, bit frames,
collisions. The position in CollReg counts the bits of the cascade level's UID from 1, those that
the reader sent included. Not modelled: authentication, self-test, interrupt pin, gain.
"""

import ticks
from boards.sim.chips.card import Card, crc_a
from micropython import const

_COMMAND = const(0x01)
_COM_IRQ = const(0x04)
_DIV_IRQ = const(0x05)
_ERROR = const(0x06)
_FIFO_DATA = const(0x09)
_FIFO_LEVEL = const(0x0A)
_CONTROL = const(0x0C)
_BIT_FRAMING = const(0x0D)
_COLL = const(0x0E)
_TX_MODE = const(0x12)
_RX_MODE = const(0x13)
_TX_CONTROL = const(0x14)
_TX_ASK = const(0x15)
_CRC_HIGH = const(0x21)
_T_MODE = const(0x2A)
_VERSION = const(0x37)

_FIFO_SIZE = const(64)
_GUARD_MS = const(5)
_ANSWER_MS = const(1)


class _Select:
    """The chip select input, called and read as machine.Pin."""

    def __init__(self, chip):
        self._chip = chip
        self._level = 1

    def __call__(self, level=None):
        if level is None:
            return self._level
        if level != self._level:
            self._level = 1 if level else 0
            self._chip.selected(not level)
        return None

    value = __call__


class _Spi:
    """The bus, with the methods of machine.SPI."""

    def __init__(self, chip):
        self._exchange = chip.exchange

    def write(self, out):
        for byte in out:
            self._exchange(byte)

    def readinto(self, into, write=0):
        for i in range(len(into)):
            into[i] = self._exchange(write)

    def write_readinto(self, out, into):
        if len(out) != len(into):
            raise ValueError("buffers must be the same length")
        for i in range(len(out)):
            into[i] = self._exchange(out[i])


class Mfrc522Chip:
    """One chip with its antenna.

    `silent`: the chip is not there; the reader sees `silent_level` (0x00 or 0xff) on the bus.
    `is_deaf`: it answers on the bus, but no command ever ends.
    `air`: None or callable(sent, answer) -> answer or None, between the cards and the reader.
    `transactions`: SPI transfers so far.
    """

    def __init__(self, clock_ms, version=0x92):
        self.silent = False
        self.silent_level = 0x00
        self.is_deaf = False
        self.air = None
        self.transactions = 0
        self.cards = []
        self._clock_ms = clock_ms
        self._version = version
        self._registers = bytearray(64)
        self._fifo = bytearray()
        self._address = None
        self._is_selected = False
        self.spi = _Spi(self)
        self.select = _Select(self)
        self.power_cycle()

    # --- the world ---

    def present(self, uid, sak=None, new_uid=None):
        """Hold a card to the antenna, beside those already there. Returns it."""
        card = Card(uid, sak, new_uid)
        card.power(self.is_field_on)
        self.cards.append(card)
        return card

    def remove(self, card=None):
        """Take away `card`, or all."""
        self.cards = [other for other in self.cards if card is not None and other is not card]

    def power_cycle(self):
        """The supply of the chip failed for a moment: all registers are as after reset."""
        for i in range(len(self._registers)):
            self._registers[i] = 0
        self._registers[_COM_IRQ] = 0x14
        self._registers[_COLL] = 0xA0
        self._registers[_TX_CONTROL] = 0x80
        self._registers[_VERSION] = self._version
        self._fifo = bytearray()
        self._field_since = None
        self._answer = None
        self._answer_at = ticks.Deadline()
        self._timer = ticks.Deadline()
        for card in self.cards:
            card.power(False)

    @property
    def is_field_on(self):
        """True while the antenna is driven."""
        return self._registers[_TX_CONTROL] & 3 == 3

    # --- the bus ---

    def selected(self, is_selected):
        """The chip select changed: a new transfer begins with an address."""
        self._is_selected = is_selected
        if is_selected:
            self._address = None
            self.transactions += 1

    def exchange(self, byte):
        """One byte out, one byte in."""
        if self.silent or not self._is_selected:
            return self.silent_level
        self._advance()
        if self._address is None:
            self._address = byte
            return 0
        register = self._address >> 1 & 0x3F
        if self._address & 0x80:
            self._address = byte
            return self._read(register)
        self._write(register, byte)
        return 0

    def _read(self, register):
        if register == _FIFO_DATA:
            first = self._fifo[0] if self._fifo else 0
            self._fifo = self._fifo[1:]
            return first
        if register == _FIFO_LEVEL:
            return len(self._fifo)
        return self._registers[register]

    def _write(self, register, value):
        registers = self._registers
        if register in (_COM_IRQ, _DIV_IRQ):
            if value & 0x80:
                registers[register] |= value & 0x7F
            else:
                registers[register] &= ~value & 0x7F
        elif register == _FIFO_DATA:
            if len(self._fifo) < _FIFO_SIZE:
                self._fifo.append(value)
            else:
                registers[_ERROR] |= 0x10
        elif register == _FIFO_LEVEL:
            if value & 0x80:
                self._fifo = bytearray()
                registers[_ERROR] &= ~0x10 & 0xFF
        elif register == _COMMAND:
            self._command(value & 0x0F)
        elif register in (_ERROR, _VERSION):
            pass  # read only
        else:
            if register == _COLL:
                value = value & 0x80 | registers[_COLL] & 0x3F
            registers[register] = value
            if register == _TX_CONTROL:
                self._drive_field()
            elif register == _BIT_FRAMING and value & 0x80 and registers[_COMMAND] == 0x0C:
                self._transmit()

    def _command(self, command):
        self._answer_at.stop()
        if command == 0x0F:
            self.power_cycle()
            return
        self._registers[_COMMAND] = command
        if command == 0x03:
            crc = crc_a(bytes(self._fifo))
            self._fifo = bytearray()
            self._registers[_CRC_HIGH] = crc[1]
            self._registers[_CRC_HIGH + 1] = crc[0]
            self._registers[_DIV_IRQ] |= 0x04
            self._registers[_COMMAND] = 0
            self._registers[_COM_IRQ] |= 0x10

    # --- the air ---

    def _drive_field(self):
        is_on = self.is_field_on
        if is_on and self._field_since is None:
            self._field_since = self._clock_ms()
        elif not is_on:
            self._field_since = None
        for card in self.cards:
            card.power(is_on)

    def _transmit(self):
        registers = self._registers
        sent = bytes(self._fifo)
        self._fifo = bytearray()
        registers[_ERROR] = 0
        registers[_COLL] = registers[_COLL] & 0x80 | 0x20
        registers[_COM_IRQ] |= 0x44
        now = self._clock_ms()
        if self.is_deaf:
            return
        if registers[_T_MODE] & 0x80:
            self._timer.start(now, self._timer_ms())
        bits = len(sent) * 8
        if registers[_BIT_FRAMING] & 7:
            bits -= 8 - (registers[_BIT_FRAMING] & 7)
        if self._can_be_heard(now):
            self._answer = self._ask_cards(sent, bits)
        if self._answer:
            self._answer_at.start(now, _ANSWER_MS)

    def _can_be_heard(self, now):
        registers = self._registers
        if self._field_since is None or registers[_TX_MODE] | registers[_RX_MODE]:
            return False
        # ISO/IEC 14443-3 clause 5: a card may need 5 ms of field before it listens.
        return registers[_TX_ASK] & 0x40 and ticks.diff(now, self._field_since) >= _GUARD_MS

    def _timer_ms(self):
        at = _T_MODE
        registers = self._registers
        prescaler = (registers[at] & 0x0F) << 8 | registers[at + 1]
        reload = registers[at + 2] << 8 | registers[at + 3]
        return (2 * prescaler + 1) * (reload + 1) // 13560

    def _ask_cards(self, sent, bits):
        """Returns (bytes, first bit, first collided bit from 0 or None, sent) or None."""
        answers = []
        first_bit = 0
        for card in self.cards[:]:
            answer = card.receive(sent, bits)
            if answer is not None and self.air:
                answer = self.air(sent, answer)
            if answer is not None:
                answers.append(answer)
                first_bit = card.first_bit
        if not answers:
            return None
        collision = None
        for i in range(first_bit, 8 * min([len(answer) for answer in answers])):
            levels = [answer[i // 8] >> i % 8 & 1 for answer in answers]
            if min(levels) != max(levels):
                collision = i
                break
        return answers[0], first_bit, collision, sent

    def _advance(self):
        now = self._clock_ms()
        if self._answer_at.expired(now):
            self._answer_at.stop()
            self._timer.stop()
            self._take_answer(*self._answer)
        if self._timer.expired(now):
            self._timer.stop()
            self._registers[_COM_IRQ] |= 0x01

    def _take_answer(self, answer, first_bit, collision, sent):
        registers = self._registers
        received = bytearray(answer)
        received[0] &= ~((1 << first_bit) - 1) & 0xFF
        if (registers[_BIT_FRAMING] >> 4 & 7) != first_bit:
            registers[_ERROR] |= 0x01  # aligned otherwise: the bytes would not fit together
        if collision is not None:
            registers[_ERROR] |= 0x08
            if not registers[_COLL] & 0x80:
                received[collision // 8] &= (1 << collision % 8) - 1
                for i in range(collision // 8 + 1, len(received)):
                    received[i] = 0
            known_whole = ((sent[1] >> 4) - 2) * 8 if len(sent) > 1 else 0
            registers[_COLL] = registers[_COLL] & 0x80 | (known_whole + collision + 1) & 0x1F
        registers[_CONTROL] &= 0xF8
        self._fifo = received
        registers[_COM_IRQ] |= 0x20  # Rx; Idle stays clear, for Transceive does not end by itself
