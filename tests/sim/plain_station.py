"""A station without a life of its own: attributes to set, requests that are only written down."""

from firmware.evse import status as statuses


class PlainMeter:
    """Readings of a meter, 16 A on three phases."""

    def __init__(self):
        self.power_w = 11_040
        self.power_phase_w = [3681, 3680, 3679]
        self.current_ma = [16_000, 15_949, 15_950]
        self.voltage_mv = [230_100, 229_900, 230_049]
        self.power_factor_permille = [999, 1000, 985]
        self.frequency_mhz = 49_987
        self.online = True


class PlainEnergy:
    """The connector's register."""

    def __init__(self):
        self.register_wh = 1_234_567


class PlainConnector:
    """One connector, Available."""

    def __init__(self, number):
        self.id = number
        self.status = "Available"
        self.error_code = "NoError"
        self.info = ""
        self.vendor_error_code = ""
        self.status_at = (1, 0, 0)
        self.transaction = None
        self.plugged = False
        self.meter = PlainMeter()
        self.energy = PlainEnergy()
        self.limit_ma = 16_000
        self.phases = 3
        self.locked = False


class PlainStation:
    """Remembers each request as a tuple in `requests`; `verdict` is the answer to the next one."""

    between = staticmethod(statuses.between)

    def __init__(self, connectors=1):
        self.connectors = [PlainConnector(number + 1) for number in range(connectors)]
        self.status0 = "Available"
        self.error_code0 = "NoError"
        self.status0_at = (1, 0, 0)
        self.requests = []
        self.verdict = True
        self.unlocked = None

    def remote_start(self, now, connector_id, id_token, authorize):
        """Write the request down."""
        return self._request("remote_start", connector_id, id_token, authorize)

    def remote_stop(self, now, transaction_id):
        """Write the request down."""
        return self._request("remote_stop", transaction_id)

    def change_availability(self, now, connector_id, operative):
        """Write the request down; `verdict` has to be a status."""
        return self._request("change_availability", connector_id, operative)

    def unlock(self, now, connector_id):
        """Write the request down; `verdict` has to be a status or None."""
        return self._request("unlock", connector_id)

    def unlock_result(self, connector_id):
        """Return `unlocked`, None while the lock moves."""
        return self.unlocked

    def reset(self, now, hard):
        """Write the request down."""
        return self._request("reset", hard)

    def show(self, connector_id, status, stamp=(1, 0, 0), info="", error_code="NoError"):
        """Let a connector (or 0) have a status."""
        if connector_id == 0:
            self.status0, self.status0_at, self.error_code0 = status, stamp, error_code
            return
        connector = self.connectors[connector_id - 1]
        connector.status = status
        connector.status_at = stamp
        connector.info = info
        connector.error_code = error_code

    def _request(self, *request):
        self.requests.append(request)
        return self.verdict
