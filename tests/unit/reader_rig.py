"""The rig of the tests of card readers: a reader, its driver, and the time between the ticks."""

import ticks


class ReaderRig:
    """A subclass sets `chip` and `reader`. Starts `before_ms` before the ticks wrap."""

    def __init__(self, before_ms, step_ms):
        self.now = 0x3FFFFFFF - before_ms
        self.step_ms = step_ms

    def run(self, duration_ms):
        """Let chip and driver go on for so long; returns the events."""
        events = []
        for _ in range(duration_ms // self.step_ms):
            if hasattr(self.chip, "step"):
                self.chip.step()
            event = self.reader.tick(self.now)
            if event:
                events.append(event)
            self.now = ticks.add(self.now, self.step_ms)
        return events
