"""Registration, heartbeat, status and availability beyond the cases (OCPP 1.6 4 and 5)."""

import time

import pytest

from tests.spec import states
from tests.spec.script import ACCEPTED, REJECTED, error, message, status
from tests.spec.user import VALID


def test_rejected_when_asked_then_no_answer(cold, user, bench):
    """OCPP 1.6 4.2: while it is rejected a charge point does not answer."""
    bench.expect("while GetConfiguration .* is not answered")
    cold.respond("BootNotification", status="Rejected", interval=4)
    user.power_on()
    cold.expect("BootNotification", within=30)
    with pytest.raises(TimeoutError):
        cold.call("GetConfiguration", timeout_s=1)
    cold.expect("BootNotification")
    states.all_available(cold)
    assert cold.configuration()


def test_pending_when_started_from_remote_then_refuses(cold, user):
    """OCPP 1.6 4.2: no RemoteStart and RemoteStop while pending."""
    cold.respond("BootNotification", status="Pending", interval=4)
    user.power_on()
    cold.expect("BootNotification", within=30)
    user.plug()
    assert cold.call("RemoteStartTransaction", connectorId=1, idTag=VALID) == REJECTED
    assert cold.call("RemoteStopTransaction", transactionId=1) == REJECTED
    cold.expect("BootNotification")
    states.all_available(cold, {1: ("Preparing",)})


def test_boot_when_interval_is_0_then_the_key_stays(cold, user):
    """Accepted with interval 0: the stored HeartbeatInterval holds."""
    cold.respond("BootNotification", interval=0)
    states.booted(cold, user)
    assert cold.value("HeartbeatInterval") == "3600"


def test_boot_when_accepted_then_the_key_shows_the_interval(cold, user):
    """HeartbeatInterval is overwritten by the answer, and may be changed later, at once."""
    cold.respond("BootNotification", interval=77)
    states.booted(cold, user)
    assert cold.value("HeartbeatInterval") == "77"
    cold.configure(HeartbeatInterval=1)
    cold.expect("Heartbeat", within=4)
    cold.expect("Heartbeat", within=4)


def test_boot_when_the_time_is_nonsense_then_waits(cold, user, bench):
    """An answer of the wrong shape is no registration; the charger lives on and asks later."""
    bench.expect("currentTime")
    cold.respond("BootNotification", currentTime="yesterday")
    user.power_on()
    cold.expect("BootNotification", within=30)
    cold.nothing_for(2)
    assert cold.configuration()


def test_reconnect_when_nothing_changed_then_says_nothing(cs, user):
    """No BootNotification, no StatusNotification after a mere loss of connection."""
    cs.settle()
    cs.drop()
    time.sleep(0.2)
    cs.wait_connection()
    cs.nothing_for(2)
    user.cut_network()
    user.plug()
    user.sees(lambda seen: seen["status"] == "Preparing")
    user.unplug()
    user.sees(lambda seen: seen["status"] == "Available")
    user.restore_network()
    cs.wait_connection()
    cs.nothing_for(2)


def test_link_when_half_open_then_is_made_anew(cs, user):
    """Pings without an answer prove that the connection is dead (WebSocketPingInterval)."""
    cs.configure(WebSocketPingInterval=1)
    user.cut_network("blackhole")
    deadline = time.monotonic() + 20
    while user.state()["online"]:
        assert time.monotonic() < deadline, "still believes to be online"
        time.sleep(0.2)
    user.restore_network()
    cs.wait_connection()
    user.plug()
    cs.expect_status("Preparing", within=30)


def test_status_when_it_did_not_last_then_is_not_reported(cs, user):
    """MinimumStatusDuration: what went back in time was nothing."""
    cs.configure(MinimumStatusDuration=2)
    user.plug()
    user.sees(lambda seen: seen["status"] == "Preparing")
    user.unplug()
    cs.nothing_for(3)
    user.plug()
    began = time.monotonic()
    cs.expect_status("Preparing", within=4)
    assert time.monotonic() - began > 1.7


def test_status_when_faulted_then_does_not_wait(cs, user):
    """A fault is reported at once, and what was before comes back."""
    cs.configure(MinimumStatusDuration=5)
    states.set_connector_faulted(cs, user)


def test_status_when_the_fault_is_gone_then_is_the_one_before(cs, user):
    """Faulted -> the state before the fault."""
    states.set_connector_occupied(cs, user)
    states.set_connector_faulted(cs, user)
    user.repair("cp_short")
    cs.expect_status("Preparing", errorCode="NoError")


def test_session_when_started_again_without_unplugging_then_prepares(cs, user):
    """Finishing -> Preparing -> Charging: never Available with a car at the cable."""
    states.charging(cs, user)
    user.present(VALID)
    states.stopped(cs)
    user.present(VALID)
    cs.expect("Authorize", idTag=VALID)
    cs.any_order(message("StartTransaction", idTag=VALID), status("Preparing"))
    cs.expect_status("Charging")


def test_ev_when_it_pauses_then_suspended_ev(cs, user):
    """Charging -> SuspendedEV -> Charging by the car's own wish."""
    states.charging(cs, user)
    user.do("ev", wants=False)
    cs.expect_status("SuspendedEV")
    user.do("ev", wants=True)
    cs.expect_status("Charging")


def test_ev_when_it_never_asks_then_suspended_ev(cs, user):
    """A full car: StartTransaction, and SuspendedEV after its time."""
    user.plug()
    user.do("ev", wants=False)
    cs.expect_status("Preparing")
    assert cs.call("RemoteStartTransaction", connectorId=1, idTag=VALID) == ACCEPTED
    cs.expect("StartTransaction")
    cs.expect_status("SuspendedEV")


def test_inoperative_when_a_card_was_accepted_then_no_start(cs, user):
    """A cable that comes after ChangeAvailability starts nothing."""
    states.authorized(cs, user)
    answer = cs.call("ChangeAvailability", connectorId=1, type="Inoperative")
    assert answer == ACCEPTED
    cs.wait_for("StatusNotification", status="Unavailable")
    user.plug()
    cs.nothing_for(2)
    user.sees_no_power()


def test_availability_when_charging_then_is_scheduled(cs, user):
    """Scheduled, done when the transaction ends, and persistent."""
    states.charging(cs, user)
    answer = cs.call("ChangeAvailability", connectorId=1, type="Inoperative")
    assert answer == {"status": "Scheduled"}
    cs.nothing_for(1)
    user.present(VALID)
    states.stopped(cs)
    cs.expect_status("Unavailable")
    user.unplug()
    cs.nothing_for(1)
    user.power_cycle()
    cs.expect("BootNotification", within=30)
    states.all_available(cs, {1: ("Unavailable",)})


def test_availability_when_scheduled_and_taken_back_then_stays(cs, user):
    """A second request overrides the scheduled one."""
    states.charging(cs, user)
    answer = cs.call("ChangeAvailability", connectorId=0, type="Inoperative")
    assert answer == {"status": "Scheduled"}
    cs.expect_status("Unavailable", 0)
    assert cs.call("ChangeAvailability", connectorId=1, type="Operative") == ACCEPTED
    assert cs.call("ChangeAvailability", connectorId=0, type="Operative") == ACCEPTED
    cs.expect_status("Available", 0)
    user.present(VALID)
    states.stopped(cs)
    states.go_away(cs, user)


def test_availability_when_power_was_cut_while_scheduled_then_holds(cs, user):
    """What was scheduled is not forgotten by a power cut."""
    states.charging(cs, user)
    answer = cs.call("ChangeAvailability", connectorId=1, type="Inoperative")
    assert answer == {"status": "Scheduled"}
    user.power_cycle()
    cs.wait_for("StopTransaction", within=30, reason="PowerLoss")
    cs.forget()
    user.unplug()
    cs.nothing_for(1)
    assert user.look()["status"] == "Unavailable"


def test_availability_when_unknown_connector_then_is_refused(cs):
    """Rejected."""
    unknown = cs.connectors + 1
    answer = cs.call("ChangeAvailability", connectorId=unknown, type="Operative")
    assert answer == REJECTED


def test_status_when_refused_by_the_central_system_then_is_dropped(cs, user):
    """A CALLERROR to StatusNotification holds up nothing."""
    cs.respond("StatusNotification", error("InternalError"))
    user.plug()
    cs.expect_status("Preparing")
    cs.nothing_for(1)
    user.unplug()
    cs.expect_status("Available")


def test_status_when_charge_point_is_inoperative_then_connector_0_says_so(cs):
    """The status of 0 is its own."""
    states.set_connector_unavailable(cs, 1)
    cs.nothing_for(1)
    assert cs.call("ChangeAvailability", connectorId=0, type="Inoperative") == ACCEPTED
    cs.any_order(status("Unavailable", 0))
    cs.nothing_for(1)
