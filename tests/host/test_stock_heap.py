"""A whole session on the heap of a plain board that loads the firmware into its RAM."""

import time

from tests.host import board_session
from tests.host.harness import CP

HEAP = "100K"
FEATURES = ["Core", "LocalAuthListManagement", "RemoteTrigger"]


def test_session_when_the_firmware_lies_in_the_heap_then_fits_beside_it(bench):
    """Boot, list, card, charge, triggers, a full configuration, stop, unplug: the stock tier."""
    bench.start("--tier", "stock", "--heap", HEAP)
    bench.wait_until(lambda state: state["registration"] == "Accepted")
    board_session.send_list(bench, 19)
    assert board_session.features(bench) == FEATURES
    board_session.begin(bench)
    board_session.end(bench)


def test_sessions_when_connections_are_lost_between_then_they_still_fit(bench):
    """By card and by the central system, with all keys asked for and the connection lost: what a
    session leaves behind is no more than the next one finds room for."""
    bench.start("--tier", "stock", "--heap", HEAP)
    bench.wait_until(lambda state: state["registration"] == "Accepted")
    board_session.send_list(bench, 19)
    for number in range(3):
        board_session.begin(bench)
        board_session.end(bench)
        assert board_session.call(bench, "ChangeConfiguration", key="MeterValueSampleInterval",
                                  value=str(30 + number)) == "Accepted"
        board_session.plug(bench)
        assert board_session.call(bench, "RemoteStartTransaction", connectorId=1,
                                  idTag=board_session.CARD) == "Accepted"
        charging = bench.wait_connector(lambda connector: connector["status"] == "Charging")
        bench.cs.drop(CP)
        bench.wait_until(lambda state: not state["online"])
        bench.wait_until(lambda state: state["online"])
        bench.wait_until(lambda state: not state["queue"])
        assert board_session.call(bench, "RemoteStopTransaction",
                                  transactionId=charging["transaction"]) == "Accepted"
        board_session.unplug(bench)


def test_idle_when_nothing_happens_then_no_code_is_read_from_flash(bench):
    """What runs at every tick lies in the heap, with clock-aligned values due later, too."""
    bench.start("--tier", "stock", "--heap", HEAP, "--set", "ClockAlignedDataInterval=86400")
    bench.wait_until(lambda state: state["registration"] == "Accepted" and not state["queue"])
    bench.wait_connector(lambda connector: connector["status"] == "Available")
    # Once the last message of the start has gone. The state itself needs one or two parts; in two
    # seconds a tick passes 40 times.
    before, idle = _parts_read(bench), 100
    for _ in range(5):
        time.sleep(2)
        read = _parts_read(bench)
        idle = min(idle, read - before)
        before = read
    assert idle < 10
    bench.present(board_session.CARD)
    bench.wait_until(lambda state: state["parts_read"] > before + 20)


def _parts_read(bench):
    return bench.sim.do("state")["parts_read"]
