"""What a board must provide. The firmware gets these objects passed in and knows no pin.

Every method here returns at once: nothing waits, nothing allocates where it says so. A board may
raise OSError from any of them; the guard takes that as "pilot bad" and opens.
"""

from micropython import const

# The trip inputs as `ConnectorPort.trips` reports them; the guard has the same bits, and takes any
# other for an emergency stop.
TRIP_RCD = const(1)
TRIP_EMERGENCY = const(2)


class ConnectorPort:
    """The electrical side of one connector.

    Parts that a board may lack are None there. Pins, as machine.Pin: rcd_test (behind `test_rcd`),
    earth (high while the protective earth is seen), cp_switch (low breaks the pilot towards the
    EV), phase_switch (high: all phases, low: L1 alone). thermistor: read() -> 0.1 degrees Celsius,
    None = broken. rcd_active() -> True while the residual current device says trip, to a test too.
    test_rcd(is_test, is_on) drives its test input; while `is_test`, `trips` leaves its answer out,
    but never while the contactor is driven.
    """

    def read_pilot(self, levels):
        """Fill `levels` (a preallocated list of two) with the high and low plateau of the pilot in
        mV at the CP contact. Allocates nothing."""
        raise NotImplementedError

    def set_duty(self, duty):
        """Drive the pilot: 0..65535; 65535 is steady +12 V (X1), 0 steady -12 V (state F)."""
        raise NotImplementedError

    def contactor(self, close):
        """Drive the contactor's coil."""
        raise NotImplementedError

    def mirror(self):
        """Return True while the mirror contact says that the contactor is closed."""
        raise NotImplementedError

    def trips(self):
        """Return the bit field of hardware trip inputs (TRIP_...)."""
        raise NotImplementedError


class SocketPort:
    """What a socket has beside a ConnectorPort: proximity contact and lock."""

    pp_supply_mv = 0
    pp_pull_ohm = 0

    def pp_mv(self):
        """Return the voltage of the proximity contact in mV; `pp_pull_ohm` lies between it and
        `pp_supply_mv`."""
        raise NotImplementedError

    def start(self, now, lock):
        """Begin a pulse to the lock's motor: towards locked if `lock`, else towards open."""
        raise NotImplementedError

    def tick(self, now):
        """End the pulse when it is over; called every 50 ms."""
        raise NotImplementedError

    def is_locked(self):
        """Return True while the feedback says that the bolt is in the plug."""
        raise NotImplementedError


class Board:
    """All that a board has. `connectors` are ConnectorPorts, `meters` as in lib/meters, `keys`
    the rows of board.json that firmware/device_keys.py describes.

    `tethered`: the cables are fixed; else `sockets` has one SocketPort per connector.
    `ventilated`: EVs that need ventilation (state D) may charge. `crashed`: the last run was ended
    by the watchdog or by an error. `blocking_while_closed`: pause, defer or allow, what to do when
    something that can stall the VM is due while a contactor is closed. `lights`: pins by name, see
    firmware/local/lights.py; `button`: a pin, high while it is pressed, or None. `line`: the
    modbus.master.Master that has to be turned round in time, or None.
    """

    name = "?"
    current_ma_max = 0
    phases = 1
    tethered = True
    connectors = ()
    sockets = ()
    meters = ()
    reader = None
    line = None
    keys = ()
    lights: dict = {}
    button = None
    fs = None

    def ticks_ms(self):
        """Return the millisecond counter that wraps at 2**30."""
        raise NotImplementedError

    def every(self, period_ms, callback):
        """Call `callback(now)` each `period_ms` from a timer, apart from asyncio."""
        raise NotImplementedError

    def random(self, count):
        """Return `count` random bytes fit for keys."""
        raise NotImplementedError

    def feed(self):
        """Feed the watchdog."""
        raise NotImplementedError
