"""A `time` whose `sleep_ms` lets the fake timers of `machine` run; nothing really waits."""

import machine

_MASK = 0x3FFFFFFF


class Clock:
    """`us` is the moment; `pass_us` stalls: time goes by and no timer runs until it is over."""

    def __init__(self):
        self.us = 0x3FFFFFFF - 2_000_000
        self._due = {}

    def ticks_us(self):
        return self.us & _MASK

    def ticks_ms(self):
        return self.us // 1000 & _MASK

    def ticks_diff(self, later, earlier):
        return (later - earlier + 0x20000000 & _MASK) - 0x20000000

    def time(self):
        return self.us // 1_000_000

    def pass_us(self, amount):
        """Let time pass in one piece."""
        self.us += amount

    def sleep_ms(self, amount):
        """Let time pass, with the timers."""
        for _ in range(amount):
            self.us += 1000
            self.fire()

    def fire(self):
        """Run each timer that is due, once."""
        for number in machine.timers:
            due = self._due.get(number, self.us)
            if self.us >= due:
                self._due[number] = self.us + machine.periods[number] * 1000
                machine.fire(number)
