"""Whole sessions on the heap of a plain board: the figures that the firmware promises to hold."""

import time

import rfc3339
from tests.host import board_session
from tests.host.board_session import CARD, call
from tests.sim.charging_profiles import maximum, profile

# What the firmware promises: 72 KB when idle, and sessions with all profiles on a heap of 96 KB.
IDLE_MAX = 72 * 1024
HEAP = "96K"
_FEATURES = "SmartCharging LocalAuthListManagement Reservation RemoteTrigger".split()


def soon():
    """Return a moment in ten minutes, as OCPP writes it."""
    return rfc3339.format(int(time.time()) - 946_684_800 + 600, 0)


def test_heap_when_registered_and_idle_then_does_not_grow_beyond_what_holds(bench):
    """All profiles, executed in place; what the simulated world takes is not counted."""
    bench.start("--heap", HEAP)
    bench.wait_until(lambda state: state["registration"] == "Accepted" and not state["queue"])
    bench.wait_connector(lambda connector: connector["status"] == "Available")
    used = [bench.sim.do("state")["heap"]["used"] for _ in range(20) if not time.sleep(0.25)]
    # Between two collections it only grows: the lowest is what is really in use.
    assert min(used) <= IDLE_MAX


def test_session_when_all_profiles_are_at_work_then_fits_into_the_heap(bench):
    """List, reservation, limits, triggers and a full configuration, before and while charging."""
    bench.start("--heap", HEAP)
    bench.wait_until(lambda state: state["registration"] == "Accepted")
    board_session.send_list(bench, 20)
    for stack in range(3):
        for connector, make in ((0, maximum), (1, profile)):
            limits = [(index * 600, 10 + index) for index in range(10)]
            limit = make(stack * 2 + connector, stack=stack, limits=limits)
            assert call(bench, "SetChargingProfile", connectorId=connector,
                        csChargingProfiles=limit) == "Accepted"
    assert call(bench, "ReserveNow", connectorId=1, expiryDate=soon(), idTag=CARD,
                reservationId=1) == "Accepted"
    assert set(_FEATURES) <= set(board_session.features(bench))
    board_session.begin(bench)
    assert call(bench, "GetCompositeSchedule", connectorId=1, duration=86_400) == "Accepted"
    board_session.end(bench)
