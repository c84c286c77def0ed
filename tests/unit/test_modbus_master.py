"""The Modbus master on a simulated line: timing, noise, echoes, and that it always comes back."""

import unittest

import ticks
from modbus.master import Master

from boards.sim.chips.line import Line

_REPLY = bytes.fromhex("010404436633335AFA")
_QUESTION = bytes.fromhex("010400000002") + bytes.fromhex("71CB")


class Bench:
    """A line with a slave that says what a test wants; starts shortly before the ticks wrap."""

    def __init__(self, reply=_REPLY, baud=9600, has_direction=False, seed=1):
        self.levels = []
        self.now = 0x3FFFFFFF - 300
        self.reply = reply
        self.frames = []
        self.line = Line(lambda: self.now, baud, self.slave, seed=seed)
        self.master = Master(self.line, baud, self.direct if has_direction else None)

    def direct(self, level):
        self.levels.append((level, self.now))

    def slave(self, frame):
        self.frames.append((self.now, frame))
        return self.reply

    def ask(self):
        return self.master.request(self.now, 1, 4, 0, 2)

    def run(self, limit_ms=2000, step_ms=5):
        """Tick until there is a result. Returns it, the registers copied, and how long it took."""
        for passed in range(0, limit_ms, step_ms):
            self.master.tick(self.now)
            result = self.master.take()
            if result is not None:
                if result[0] == "reply":
                    result = ("reply", bytes(result[1]))
                return result, passed
            self.now = ticks.add(self.now, step_ms)
        return None, limit_ms


class MasterTest(unittest.TestCase):
    def test_reply_gives_its_registers(self):
        # The request as it must be, the value without frame around it.
        bench = Bench()
        self.assertTrue(bench.ask())
        result, passed = bench.run()
        self.assertEqual(result, ("reply", bytes.fromhex("43663333")))
        self.assertEqual(bench.frames[0][1], _QUESTION)
        self.assertTrue(60 <= passed <= 80)  # 8.3 ms + 4 ms silence + 40 ms + 9.4 ms
        self.assertEqual(bench.master.replies, 1)

    def test_exception_gives_its_code(self):
        # "Illegal data address".
        bench = Bench(bytes.fromhex("018402C2C1"))
        bench.ask()
        self.assertEqual(bench.run()[0], ("exception", 2))

    def test_second_request_is_refused_until_the_result_is_taken(self):
        # One at a time, and no result is lost.
        bench = Bench()
        self.assertTrue(bench.ask())
        self.assertFalse(bench.ask())
        for _ in range(40):
            bench.now = ticks.add(bench.now, 5)
            bench.master.tick(bench.now)
        self.assertFalse(bench.ask())
        self.assertEqual(bench.master.take()[0], "reply")
        self.assertIsNone(bench.master.take())
        self.assertTrue(bench.ask())
        self.assertEqual(len(bench.frames), 1)

    def test_silence_times_out_and_the_next_request_works(self):
        # 300 ms of patience beside the time on the wire.
        bench = Bench(None)
        bench.ask()
        result, passed = bench.run()
        self.assertEqual(result, ("timeout",))
        self.assertTrue(300 <= passed <= 340)
        self.assertEqual(bench.master.silences, 1)
        bench.reply = _REPLY
        bench.ask()
        self.assertEqual(bench.run()[0][0], "reply")

    def test_slow_line_gets_more_time(self):
        # At 2400 bit/s the frames alone take 71 ms; 74 registers would take most of a second.
        bench = Bench(baud=2400)
        bench.line.think_ms = 280
        bench.ask()
        self.assertEqual(bench.run()[0][0], "reply")

    def test_requests_keep_the_silence_between_frames(self):
        # A request right after a reply goes out 3.5 characters later.
        bench = Bench()
        bench.ask()
        bench.run()
        end = bench.now
        bench.ask()
        self.assertIsNone(bench.master.sent_at)
        bench.run(step_ms=1)
        self.assertTrue(ticks.diff(bench.master.sent_at, end) >= 4)

    def test_junk_before_the_reply_is_skipped(self):
        # Line bias at the moment the drivers switch.
        for junk in (b"\x00", b"\xff", b"\x00\xff", b"\x01\x04"):
            bench = Bench()
            bench.line.junk = junk
            bench.ask()
            self.assertEqual(bench.run()[0][0], "reply")

    def test_echo_of_the_request_is_skipped(self):
        # A receiver that is always on hears us; and an echo alone counts as silence.
        bench = Bench()
        bench.line.echo = True
        bench.ask()
        self.assertEqual(bench.run()[0], ("reply", bytes.fromhex("43663333")))
        bench.reply = None
        bench.ask()
        self.assertEqual(bench.run()[0], ("timeout",))
        self.assertEqual((bench.master.silences, bench.master.garbled), (1, 0))

    def test_wrong_crc_wrong_slave_wrong_size_are_no_reply(self):
        # All of them end as a time-out that is counted as garbled.
        for text in ("010404436633335AFB", "020404436633335AFA", "010302000AB943"):
            bench = Bench(bytes.fromhex(text))
            bench.ask()
            self.assertEqual(bench.run()[0], ("timeout",))
            self.assertEqual(bench.master.garbled, 1)

    def test_late_reply_is_not_taken_for_the_next(self):
        # It arrives when nobody waits any more; what is asked next gets its own.
        bench = Bench()
        bench.line.think_ms = 330
        bench.ask()
        self.assertEqual(bench.run()[0], ("timeout",))
        bench.line.think_ms = 40
        bench.now = ticks.add(bench.now, 30)
        bench.reply = bytes.fromhex("018402C2C1")
        bench.ask()
        self.assertEqual(bench.run()[0], ("exception", 2))

    def test_babbling_line_ends_in_a_timeout(self):
        # It never falls silent, so nothing is sent, but the caller gets its answer.
        bench = Bench()
        bench.line.inject(b"\x55" * 2000)
        bench.now = ticks.add(bench.now, 5)
        bench.ask()
        result, passed = bench.run()
        self.assertEqual(result, ("timeout",))
        self.assertTrue(passed <= 300)
        self.assertEqual(len(bench.frames), 0)
        self.assertIsNone(bench.master.sent_at)

    def test_flood_in_front_of_the_reply_does_not_hide_it(self):
        # More than the buffer holds; the end of it is the reply.
        bench = Bench(b"\x01\x04" * 130 + _REPLY)
        bench.ask()
        self.assertEqual(bench.run(step_ms=50)[0][0], "reply")

    def test_reply_that_lay_in_the_port_through_a_stall_counts(self):
        # Two seconds without a tick: data come before the clock.
        bench = Bench()
        bench.ask()
        for _ in range(10):
            bench.now = ticks.add(bench.now, 10)
            bench.line.any()
        bench.now = ticks.add(bench.now, 2000)
        self.assertEqual(bench.run()[0][0], "reply")

    def test_noise_never_makes_a_wrong_value(self):
        # 400 readings, one byte in a hundred flipped or lost: all right, or none at all.
        bench = Bench(seed=77)
        bench.line.flip_permille = 10
        bench.line.lose_permille = 10
        good = 0
        for _ in range(400):
            while not bench.ask():
                bench.now = ticks.add(bench.now, 5)
            result = bench.run(step_ms=10)[0]
            self.assertIn(result, (("reply", bytes.fromhex("43663333")), ("timeout",)))
            good += result[0] == "reply"
        self.assertTrue(200 < good < 400)
        self.assertEqual(bench.master.replies, good)


class DirectionTest(unittest.TestCase):
    def test_direction_is_held_for_the_request_only(self):
        # High before the first byte, low after the last one and before the slave can begin.
        bench = Bench(has_direction=True)
        bench.ask()
        self.assertEqual(bench.run()[0][0], "reply")
        self.assertEqual([level for level, _ in bench.levels], [0, 1, 0])
        held_ms = ticks.diff(bench.levels[2][1], bench.levels[1][1])
        self.assertTrue(9 <= held_ms <= 20)

    def test_direction_when_listened_between_ticks_then_turns_once_the_request_is_out(self):
        # Nothing else happens: what comes is for the tick.
        bench = Bench(has_direction=True)
        self.assertFalse(bench.master.listen(bench.now))
        bench.ask()
        bench.master.tick(bench.now)
        while bench.master.listen(bench.now):
            bench.now = ticks.add(bench.now, 1)
        held_ms = ticks.diff(bench.levels[2][1], bench.levels[1][1])
        self.assertTrue(9 <= held_ms <= 11)
        self.assertIsNone(bench.master.take())
        self.assertEqual(bench.run()[0][0], "reply")

    def test_direction_is_released_after_a_timeout_in_one_late_tick(self):
        # Whatever happens, we do not keep the line.
        bench = Bench(None, has_direction=True)
        bench.ask()
        bench.now = ticks.add(bench.now, 5000)
        bench.run()
        self.assertEqual([level for level, _ in bench.levels], [0, 1, 0])
