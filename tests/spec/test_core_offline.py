"""Core cases about power and network failures."""

import time

from tests.spec import states
from tests.spec.script import ACCEPTED, message, rhythm, seconds, status
from tests.spec.user import INVALID, VALID


def test_tc_032_2_cs_power_failure(cs, user):
    """The transaction is closed with PowerLoss after the boot, with the energy of the meter."""
    user.do("energy_speed", factor=600)
    start = states.charging(cs, user)
    time.sleep(2)
    user.power_cycle()
    cs.expect("BootNotification", within=30)
    _, _, stop = cs.any_order(
        status("Available", 0),
        message(
            "StatusNotification",
            connectorId=1,
            status=lambda given: given in ("Preparing", "Finishing"),
        ),
        message("StopTransaction", reason="PowerLoss"),
    )
    assert stop["meterStop"] > start["meterStart"]
    assert seconds(start["timestamp"]) <= seconds(stop["timestamp"]) <= time.time() + 1
    user.sees_no_power()


def test_tc_034_cs_power_failure_keeps_unavailable(cs, user):
    """Connector 0 and all connectors are unavailable after the power cycle."""
    states.set_connector_unavailable(cs, 0)
    user.power_cycle()
    cs.expect("BootNotification", within=30)
    unavailable = ("Unavailable",)
    states.all_available(cs, {0: unavailable, 1: unavailable})
    assert cs.call("ChangeAvailability", connectorId=0, type="Operative") == ACCEPTED
    cs.any_order(status("Available", 0), status("Available", 1))


def test_tc_036_cs_connection_loss_in_transaction(cs, user):
    """Samples go on without a connection and come later, in order, with their own times."""
    cs.configure(MeterValueSampleInterval=2)
    states.charging(cs, user)
    cs.ignore("MeterValues")
    cs.settle()
    user.cut_network()
    lost = time.time()
    time.sleep(7)
    back = time.time()
    user.restore_network()
    cs.wait_connection()
    cs.nothing_for(3)
    times = [
        seconds(frame.payload["meterValue"][0]["timestamp"]) for frame in cs.frames("MeterValues")
    ]
    assert times == sorted(times)
    assert len([at for at in times if lost < at < back]) >= 3
    assert abs(rhythm(times) - 2) < 0.3
    assert all(
        value["context"] == "Sample.Periodic"
        for frame in cs.frames("MeterValues")
        for value in frame.payload["meterValue"][0]["sampledValue"]
    )


def _offline_authorisation(cs, **keys):
    cs.configure(
        LocalAuthorizeOffline=True,
        AuthorizationCacheEnabled=True,
        AllowOfflineTxForUnknownId=True,
        **keys,
    )


def _start_offline(user, id_tag=VALID):
    """U: cut the network, start a transaction with a card, restore the network."""
    user.cut_network()
    user.plug()
    user.present(id_tag)
    # Before, Preparing is the status of the moment and would rightly be told.
    user.sees(lambda seen: seen["status"] == "Charging", what="Charging")
    user.restore_network()


def test_tc_037_1_cs_offline_start(cs, user):
    """StartTransaction with the time of the start, then the status of now."""
    _offline_authorisation(cs)
    began = time.time()
    _start_offline(user)
    restored = time.time()
    start = states.started(cs)
    assert began - 1 < seconds(start["timestamp"]) < restored
    cs.nothing_for(1)


def test_tc_037_2_cs_offline_start_invalid_keep(cs, user):
    """StopTransactionOnInvalidId false: the energy stops, the transaction does not."""
    cs.tags.reject = {INVALID.lower()}
    _offline_authorisation(cs, StopTransactionOnInvalidId=False, MaxEnergyOnInvalidId=0)
    _start_offline(user, INVALID)
    states.started(cs, INVALID)
    cs.expect_status("SuspendedEVSE")
    user.sees_no_power()
    cs.nothing_for(1)


def test_tc_037_3_cs_offline_start_invalid_stop(cs, user):
    """StopTransactionOnInvalidId true: DeAuthorized."""
    cs.tags.reject = {INVALID.lower()}
    _offline_authorisation(cs, StopTransactionOnInvalidId=True)
    _start_offline(user, INVALID)
    states.started(cs, INVALID)
    states.stopped(cs, reason="DeAuthorized")
    user.sees_no_power()


def test_tc_038_cs_offline_stop(cs, user):
    """The stop is delivered with its own time."""
    states.charging(cs, user)
    cs.settle()
    user.cut_network()
    user.present(VALID)
    user.sees(lambda seen: seen["status"] == "Finishing")
    stopped = time.time()
    time.sleep(1)
    user.restore_network()
    stop = states.stopped(cs, idTag=VALID)
    assert stop.get("reason", "Local") == "Local"
    assert abs(seconds(stop["timestamp"]) - stopped) < 2


def test_tc_039_cs_offline_transaction(cs, user):
    """Start, then stop with the id that the start was given; no status is left to be told."""
    _offline_authorisation(cs)
    user.cut_network()
    user.plug()
    user.present(VALID)
    user.sees_charging()
    user.present(VALID)
    user.sees_the_end()
    user.unplug()
    user.sees(lambda seen: seen["status"] == "Available")
    user.restore_network()
    cs.expect("StartTransaction", idTag=VALID, within=30)
    (transaction,) = cs.books.transactions.values()
    stop = cs.expect("StopTransaction", transactionId=transaction.id)
    assert stop.get("reason", "Local") == "Local"
    cs.nothing_for(1)
