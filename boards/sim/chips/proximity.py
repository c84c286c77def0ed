"""The proximity contact of a socket: a divider that the resistor in a plug completes.

Resistors: IEC 61851-1 Annex B. 3.3 V over 1 kOhm here, read by a 12 bit ADC of 3.3 V.
"""

SUPPLY_MV = 3300
PULL_OHM = 1000
# Rating in A: resistance in ohm, as in real plugs: 3 % off in one or the other direction.
CABLES = ((13, 1545), (20, 694), (32, 219), (63, 97))

_NOISE_MV = 8


class ProximityChip:
    """`cable_a`: the plug in the socket, 0 for none. Faults: `is_open`, `shorted`."""

    def __init__(self, seed=1):
        self.cable_a = 0
        self.is_open = False
        self.shorted = False
        self._random = seed % 65521 or 1

    def ohm(self):
        """Return the resistance between contact and earth; None for no load."""
        if self.shorted:
            return 0
        if self.is_open:
            return None
        for cable_a, ohm in CABLES:
            if cable_a == self.cable_a:
                return ohm
        return None

    def read_u16(self):
        """One conversion, in the shape of `machine.ADC`."""
        ohm = self.ohm()
        pp_mv = SUPPLY_MV if ohm is None else SUPPLY_MV * ohm // (PULL_OHM + ohm)
        self._random = self._random * 16363 % 65521
        pp_mv += self._random % (2 * _NOISE_MV + 1) - _NOISE_MV
        raw = min(max(pp_mv * 4095 // SUPPLY_MV, 0), 4095)
        return raw << 4 | raw >> 8
