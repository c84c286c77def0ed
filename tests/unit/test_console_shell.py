"""The console's serial line: echo, editing, secrets, Ctrl-C, and the heap it gives back."""

import asyncio
import gc
import sys
import unittest

from firmware.local.console_shell import Commands, ConsoleShell
from tests.sim import loop

_COMMANDS = "firmware.console.commands"
_FIRST = b"help           this list"


class Port:
    """A serial port whose bytes come at given moments: [(ms to wait, bytes)]."""

    def __init__(self, script):
        self._script = script
        self._data = b""
        self.written = b""
        self.loaded = []  # was the console in the heap before each piece

    async def read(self, _count):
        """Return the next byte, b"" at the end."""
        while not self._data:
            if not self._script:
                return b""
            wait_ms = self._script[0][0]
            # In pieces: a read that was given up must not take its time along.
            while wait_ms > 0:
                await asyncio.sleep_ms(1000)
                wait_ms -= 1000
                self._script[0] = (wait_ms, self._script[0][1])
            self.loaded.append(_COMMANDS in sys.modules)
            self._data = self._script.pop(0)[1]
        byte, self._data = self._data[:1], self._data[1:]
        return byte

    async def write(self, data):
        """Take the answer."""
        self.written += data


class ShellTest(unittest.TestCase):
    def setUp(self):
        self.interrupts = 0
        self.shell = ConsoleShell(None, None, None, self._interrupt)

    def tearDown(self):
        Commands(None).drop()

    def _interrupt(self):
        self.interrupts += 1

    def type(self, data):
        """Type bytes; returns all that was written."""
        return b"".join([b"".join(self.shell.receive(byte)) for byte in data])

    def test_line_then_echo_answer_and_prompt(self):
        # What is typed is seen, and the end of the answer can be recognised.
        written = self.type(b"help help\r")
        self.assertEqual(written[:11], b"help help\r\n")
        self.assertEqual(written[-4:], b"\r\n> ")
        self.assertIn(b"example: help wifi", written)

    def test_line_end_of_any_kind_then_one_answer(self):
        # CR of terminals, LF of files, both of others.
        for end in (b"\r", b"\n", b"\r\n"):
            self.assertEqual(self.type(b"help" + end + b"x").count(_FIRST), 1)
            self.assertEqual(self.type(b"\x15"), b"\b \b")

    def test_delete_then_what_is_left_counts(self):
        # Backspace of both kinds, and a character of three bytes at once.
        self.assertEqual(self.type(b"helq\x08"), b"helq\b \b")
        self.assertIn(_FIRST, self.type(b"\xe2\x82\xac\x7fp\r"))
        self.assertEqual(self.type(b"\x7f"), b"")

    def test_line_cleared_then_nothing_of_it_is_left(self):
        # Ctrl-U, as tools begin.
        self.assertEqual(self.type(b"why\x15"), b"why" + 3 * b"\b \b")
        self.assertEqual(self.type(b"\r"), b"\r\n> ")

    def test_arrow_keys_then_ignored(self):
        # Their sequences must not become part of a line.
        self.assertEqual(self.type(b"he\x1b[A\x1b[1;5Clp"), b"help")
        self.assertIn(_FIRST, self.type(b"\r"))

    def test_escape_when_the_line_ends_then_over(self):
        # Noise must not swallow the first letter of the next line.
        for noise in (b"\x1b", b"\x1b[", b"x\x1b[99;99"):
            self.type(noise + b"\x15\r")
            self.assertIn(_FIRST, self.type(b"help\r"))

    def test_line_too_long_then_ignored_as_a_whole(self):
        # Half a line may mean something else; the next one is fine.
        answer = self.type(b"help " + 600 * b"x" + b"\r")
        self.assertIn(b"error: ignored, a line has 512 bytes", answer)
        self.assertIn(_FIRST, self.type(b"help\r"))

    def test_line_that_is_no_text_then_told(self):
        # A terminal on the wrong character set, or the wrong speed.
        self.assertIn(b"error: no UTF-8", self.type(b"\xff\xfe\r"))
        self.assertIn(_FIRST, self.type(b"help\r"))

    def test_secrets_when_typed_then_not_shown(self):
        # In every command that takes one, and in the lines of an import.
        for line in (
            b"wifi Net geheim", b'wifi "My net" geheim', b"ocpp key geheim",
            b"ocpp url ws://x key geheim", b"config set WifiPassword geheim",
            b"config set OcppKey geheim", b"OcppKey = geheim", b"WifiPassword=geheim",
            b"  wifi Net geheim", b"WIFI  Net geheim",
        ):  # fmt: skip
            written = self.type(line + b"\x15")
            self.assertNotIn(b"geheim", written)
            self.assertIn(b"******", written)

    def test_echo_off_then_answers_alone(self):
        # For a line that has an echo of its own.
        self.shell = ConsoleShell(None, None, None, echo=False)
        self.assertEqual(self.type(b"hex\x7flp\r")[:14], b"help          "[:14])

    def test_interrupt_then_the_line_and_an_import_are_dropped(self):
        # Ctrl-C: the caller goes to the prompt; what is typed later is a new line.
        self.assertEqual(self.type(b"config import\r")[-8:], b"import> ")
        self.assertEqual(self.type(b"# remark\r")[-8:], b"import> ")
        self.assertEqual(self.type(b"wh\x03"), b"wh\r\n")
        self.assertEqual(self.interrupts, 1)
        self.assertEqual(self.type(b"\r"), b"\r\n> ")

    def test_line_that_ends_then_an_import_is_dropped(self):
        # The cable is pulled: nobody is left to take the lines, nor to watch a search.
        port = Port([(0, b"config import\r")])
        shell = ConsoleShell(None, port, port.write)
        loop.run(shell.run())
        self.assertIn(b"import> ", port.written)
        self.assertIsNone(shell._commands.taking)
        self.assertNotIn(_COMMANDS, sys.modules)

    def test_command_that_breaks_then_told_and_the_next_one_works(self):
        # Here there is no application at all: the worst mistake that can be.
        self.assertIn(b"error: it failed (AttributeError", self.type(b"status\r"))
        self.assertIn(_FIRST, self.type(b"help\r"))

    def test_any_bytes_then_never_more_than_an_error(self):
        # Noise on the line, from a fixed seed.
        seed = 1
        for _ in range(4000):
            seed = seed * 16363 % 65521
            self.type(bytes((seed & 0xFF,)))
        self.type(b"\x03abort\r")
        self.assertIn(_FIRST, self.type(b"\x15help\r"))

    def test_idle_then_the_commands_leave_the_heap(self):
        # Not loaded before the first line, kept while somebody types, gone after two minutes.
        port = Port([(5000, b"help\r"), (60_000, b"help\r"), (200_000, b"help\r")])
        loop.run(ConsoleShell(None, port, port.write).run())
        self.assertEqual(port.loaded, [False, True, False])
        self.assertEqual(port.written.count(_FIRST), 3)

    def test_loaded_again_and_again_then_the_heap_does_not_grow(self):
        # What an import leaves behind, it leaves once.
        if not hasattr(gc, "mem_alloc"):
            return
        commands = Commands(None)
        used = []
        for _ in range(20):
            self.assertEqual(len(list(commands.run("help"))), 15)
            commands.drop()
            gc.collect()
            used.append(gc.mem_alloc())
        self.assertTrue(used[-1] - used[2] < 256)
