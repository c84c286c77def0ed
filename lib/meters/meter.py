"""What all meters have in common: the attributes of a reading, and how long there was none."""

import ticks
from micropython import const

_ID_MAX = const(0x3FFFFFFF)
_SILENT_MS_MAX = const(0x1FFFFFFF)


def begin(meter, lost_ms):
    """Give a new Meter its attributes. lost_ms: after so long without a good reading it is not
    `online` any more. No constructor: so what makes a meter can be read from flash."""
    meter.reading_id = 0
    meter.sampled_at = None
    meter.online = False
    meter.voltage_mv = [None, None, None]
    meter.current_ma = [None, None, None]
    meter.power_phase_w = [None, None, None]
    meter.power_factor_permille = [None, None, None]
    meter.power_w = None
    meter.frequency_mhz = None
    meter.energy_wh = None
    meter.implausible = 0
    meter.refused = 0
    meter.missed = 0
    meter._lost_ms = lost_ms
    meter._silent_ms = 0
    meter._last_tick = None


class Meter:
    """The face of every meter, described in the package; a driver calls `begin`, and fills it."""

    reading_id: int
    sampled_at: int | None
    online: bool
    voltage_mv: list
    current_ma: list
    power_phase_w: list
    power_factor_permille: list
    power_w: int | None
    frequency_mhz: int | None
    energy_wh: int | None
    implausible: int
    refused: int
    missed: int
    _lost_ms: int
    _silent_ms: int
    _last_tick: int | None

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
