"""What all meters have in common: the attributes of a reading, and how long there was none."""

import ticks
from micropython import const

_ID_MAX = const(0x3FFFFFFF)
_SILENT_MS_MAX = const(0x1FFFFFFF)


class Meter:
    """The face of every meter, described in the package; a driver fills it.

    lost_ms: after so long without a good reading it is not `online` any more.
    """

    def __init__(self, lost_ms):
        self.reading_id = 0
        self.sampled_at = None
        self.online = False
        self.voltage_mv = [None, None, None]
        self.current_ma = [None, None, None]
        self.power_phase_w = [None, None, None]
        self.power_factor_permille = [None, None, None]
        self.power_w = None
        self.frequency_mhz = None
        self.energy_wh = None
        self.implausible = 0
        self.refused = 0
        self.missed = 0
        self._lost_ms = lost_ms
        self._silent_ms = 0
        self._last_tick = None

    def silent_ms(self, now):
        """Return the ms since the last good reading was taken in, or since the first tick."""
        if self._last_tick is None:
            return 0
        return min(self._silent_ms + ticks.diff(now, self._last_tick), _SILENT_MS_MAX)

    def _count_silence(self, now):
        # Counted, not subtracted: a meter may be silent for longer than ticks can tell apart.
        self._silent_ms = self.silent_ms(now)
        self._last_tick = now
        if self._silent_ms >= self._lost_ms:
            self.online = False

    def _is_read(self, sampled_at):
        """The attributes are those of a new good reading, taken at `sampled_at` or later."""
        self.sampled_at = sampled_at
        self.reading_id = self.reading_id % _ID_MAX + 1
        self.online = True
        self._silent_ms = 0
