"""A central system that answers late, twice, wrongly or never; each time the books end right."""

import json
import time

from tests.spec import states
from tests.spec.script import ACCEPTED, NEVER, REJECTED, error, late, message, seconds, status
from tests.spec.user import VALID

_ALWAYS_OFFLINE = ("--set", "AllowOfflineTxForUnknownId=true")


def _begin(cs, user):
    """Plug in and start from remote; what comes then is the test's business."""
    user.plug()
    cs.expect_status("Preparing")
    assert cs.call("RemoteStartTransaction", connectorId=1, idTag=VALID) == ACCEPTED


def _settled(cs, user, transactions=1):
    """Nothing waits, every transaction is closed once, the energy is the meter's."""
    deadline = time.monotonic() + 15
    while user.state()["queue"]:
        assert time.monotonic() < deadline, "messages wait"
        time.sleep(0.1)
    booked = list(cs.books.transactions.values())
    assert len(booked) == transactions
    assert not cs.books.open()
    for earlier, later in zip(booked, booked[1:], strict=False):
        assert earlier.meter_stop <= later.meter_start
        assert seconds(earlier.stop) <= seconds(later.start)
    assert booked[-1].meter_stop == user.look()["energy_wh"]
    return booked


def _stop_by_card(cs, user):
    """The person ends it; the status may be a while."""
    user.sees_charging()
    user.present(VALID)
    user.sees_the_end()


def test_start_when_answered_late_then_counts(cs, user, bench):
    """The answer comes after the time-out: the message was sent again with its id."""
    cs.configure(MessageTimeout=1)
    cs.respond("StartTransaction", late(1.5))
    _begin(cs, user)
    cs.ignore("StatusNotification")
    cs.expect("StartTransaction")
    _stop_by_card(cs, user)
    cs.wait_for("StopTransaction")
    _settled(cs, user)
    assert len({frame.id for frame in cs.frames("StartTransaction")}) == 1
    if len(cs.frames("StartTransaction")) > 1:
        bench.expect("answer to no open CALL|while StartTransaction")


def test_start_when_answered_twice_then_the_first_counts(cs, user):
    """A second answer with another transactionId changes nothing."""
    _begin(cs, user)
    states.started(cs)
    again = {"transactionId": 4711, "idTagInfo": {"status": "Blocked"}}
    cs.send_raw(json.dumps([3, cs.frames("StartTransaction")[0].id, again]))
    cs.nothing_for(1)
    assert cs.call("RemoteStopTransaction", transactionId=4711) == REJECTED
    user.present(VALID)
    states.stopped(cs, transactionId=cs.books.open()[0].id)
    _settled(cs, user)


def test_start_when_never_answered_then_is_repeated_until_it_is(cs, user):
    """No answer is no failure to process: not counted, never given up, the id stays."""
    cs.configure(MessageTimeout=1, TransactionMessageAttempts=1)
    cs.respond("StartTransaction", NEVER, times=3)
    _begin(cs, user)
    cs.ignore("StatusNotification")
    for _ in range(4):
        cs.expect("StartTransaction", within=15)
    assert len({frame.text for frame in cs.frames("StartTransaction")}) == 1
    _stop_by_card(cs, user)
    cs.wait_for("StopTransaction")
    _settled(cs, user)


def test_stop_when_never_answered_then_is_repeated_until_it_is(cs, user):
    """The same for the stop: booked once."""
    cs.configure(MessageTimeout=1, TransactionMessageAttempts=1)
    states.charging(cs, user)
    cs.respond("StopTransaction", NEVER, times=2)
    cs.ignore("StatusNotification")
    _stop_by_card(cs, user)
    for _ in range(3):
        cs.expect("StopTransaction", within=15)
    _settled(cs, user)


def test_start_when_answer_has_wrong_type_then_is_repeated(cs, user, bench):
    """transactionId as a text, no idTagInfo: the message failed, it is sent again."""
    bench.expect("transactionId|idTagInfo")
    cs.configure(TransactionMessageRetryInterval=1)
    cs.respond("StartTransaction", transactionId="seven")
    cs.respond("StartTransaction", idTagInfo="Accepted")
    _begin(cs, user)
    cs.ignore("StatusNotification")
    for _ in range(3):
        cs.expect("StartTransaction")
    _stop_by_card(cs, user)
    cs.wait_for("StopTransaction", transactionId=1)
    _settled(cs, user)


def test_start_when_refused_then_retries_as_configured(cs, user):
    """TransactionMessageAttempts and RetryInterval: 0 s, +1 s, +2 s, as the errata have it."""
    cs.configure(TransactionMessageAttempts=3, TransactionMessageRetryInterval=1)
    cs.respond("StartTransaction", error("InternalError"), times=2)
    _begin(cs, user)
    cs.ignore("StatusNotification")
    times = []
    for _ in range(3):
        cs.expect("StartTransaction")
        times.append(time.monotonic())
    # Later on a machine that stands still for a moment, never much earlier.
    assert 0.8 < times[1] - times[0] < 3
    assert 1.8 < times[2] - times[1] < 4
    _stop_by_card(cs, user)
    cs.wait_for("StopTransaction", transactionId=1)
    _settled(cs, user)


def test_start_when_refused_for_good_then_the_rest_has_no_id(cs, user, bench):
    """The start is discarded after its attempts; transactionId is -1 from then on."""
    bench.expect("transaction -1 was never started")
    cs.configure(TransactionMessageAttempts=2, TransactionMessageRetryInterval=1)
    cs.configure(MeterValueSampleInterval=2)
    cs.respond("StartTransaction", error("InternalError"), times=2)
    _begin(cs, user)
    cs.ignore("StatusNotification")
    cs.expect("StartTransaction")
    cs.expect("StartTransaction")
    cs.expect("MeterValues", transactionId=-1)
    assert cs.call("RemoteStopTransaction", transactionId=-1) == REJECTED
    _stop_by_card(cs, user)
    cs.wait_for("StopTransaction", transactionId=-1)
    cs.forget()
    cs.nothing_for(2)


def test_stop_when_refused_for_good_then_the_next_session_is_sound(cs, user, bench):
    """A stop that cannot be processed is given up and blocks nothing."""
    bench.expect("transaction 2 began while 1 was open")
    cs.configure(TransactionMessageAttempts=2, TransactionMessageRetryInterval=1)
    states.charging(cs, user)
    cs.respond("StopTransaction", error("GenericError"), times=2)
    cs.ignore("StatusNotification")
    _stop_by_card(cs, user)
    cs.expect("StopTransaction")
    cs.expect("StopTransaction")
    user.present(VALID)
    cs.wait_for("StartTransaction")
    _stop_by_card(cs, user)
    cs.wait_for("StopTransaction", transactionId=2)


def test_answer_when_id_is_unknown_then_is_ignored(cs, user):
    """CALLRESULT and CALLERROR that nobody waits for."""
    states.charging(cs, user)
    for text in ('[3,"nobody",{}]', '[4,"nobody","GenericError","",{}]', '[3,"",{"status":1}]'):
        cs.send_raw(text)
    cs.nothing_for(1)
    user.present(VALID)
    states.stopped(cs)
    _settled(cs, user)


def test_authorize_when_refused_then_no_start(cs, user):
    """A CALLERROR is no authorisation."""
    cs.respond("Authorize", error("InternalError"))
    user.plug()
    cs.expect_status("Preparing")
    user.present(VALID)
    cs.expect("Authorize")
    cs.nothing_for(1)
    user.present(VALID)
    cs.expect("Authorize")
    states.started(cs)


def test_authorize_when_never_answered_then_no_start(cs, user):
    """Nor is silence; the next card is asked for again."""
    cs.configure(MessageTimeout=1)
    cs.respond("Authorize", NEVER)
    user.present(VALID)
    cs.expect("Authorize")
    time.sleep(1.5)
    user.plug()
    cs.expect_status("Preparing")
    cs.nothing_for(1)
    user.present(VALID)
    cs.expect("Authorize")
    states.started(cs)


def test_connection_when_lost_before_the_answer_then_one_transaction(cs, user):
    """The start was booked, the answer lost with the line: sent again with its id."""
    cs.respond("StartTransaction", late(5))
    _begin(cs, user)
    cs.ignore("StatusNotification")
    cs.expect("StartTransaction")
    cs.drop()
    cs.expect("StartTransaction", within=30)
    _stop_by_card(cs, user)
    cs.wait_for("StopTransaction", transactionId=1)
    _settled(cs, user)
    assert len({frame.text for frame in cs.frames("StartTransaction")}) == 1


def test_offline_session_when_rebooted_before_delivery_then_is_delivered(cs, user):
    """Start and stop without a connection, a power cut, then the connection comes back."""
    cs.configure(AllowOfflineTxForUnknownId=True)
    cs.refuse_connections(503)
    user.cut_network()
    user.plug()
    user.present(VALID)
    _stop_by_card(cs, user)
    user.power_cycle()
    time.sleep(1)
    cs.refuse_connections(None)
    cs.expect("BootNotification", within=30)
    cs.ignore("StatusNotification")
    cs.expect("StartTransaction", idTag=VALID)
    cs.expect("StopTransaction", transactionId=1, idTag=VALID)
    _settled(cs, user)


def test_offline_session_when_power_is_cut_in_it_then_both_sessions_are_delivered(cs, user):
    """An offline session ends with PowerLoss, another offline one follows."""
    cs.configure(AllowOfflineTxForUnknownId=True, MeterValueSampleInterval=1)
    user.do("energy_speed", factor=600)
    cs.refuse_connections(503)
    user.cut_network()
    user.plug()
    user.present(VALID)
    user.sees_charging()
    time.sleep(3)
    user.power_cycle()
    user.do("energy_speed", factor=600)
    user.sees(lambda seen: seen["status"] == "Finishing")
    time.sleep(1)
    user.present(VALID)
    user.sees_charging()
    time.sleep(3)
    _stop_by_card(cs, user)
    cs.refuse_connections(None)
    cs.expect("BootNotification", within=60)
    cs.ignore("StatusNotification", "MeterValues")
    cs.expect("StartTransaction")
    cs.expect("StopTransaction", transactionId=1, reason="PowerLoss")
    cs.expect("StartTransaction")
    cs.expect("StopTransaction", transactionId=2)
    first, second = _settled(cs, user, 2)
    assert first.energy_wh > 0
    assert second.energy_wh > 0


def test_time_when_unknown_then_is_never_sent(cold, user):
    """A first boot without a central system: the times are found out when the clock is set."""
    user.add_options(*_ALWAYS_OFFLINE)
    cold.refuse_connections(503)
    user.power_on()
    user.plug()
    began = time.time()
    user.present(VALID)
    user.sees_charging()
    time.sleep(2)
    user.present(VALID)
    user.sees_the_end()
    ended = time.time()
    time.sleep(1)
    cold.refuse_connections(None)
    cold.expect("BootNotification", within=60)
    cold.ignore("StatusNotification")
    start = cold.expect("StartTransaction")
    stop = cold.expect("StopTransaction")
    assert began - 1 < seconds(start["timestamp"]) < began + 3
    assert ended - 3 < seconds(stop["timestamp"]) < ended + 1
    _settled(cold, user)


def test_time_when_lost_with_the_power_then_is_still_no_nonsense(cold, user):
    """Nobody can know when a session of an earlier boot was: not in the future, in order."""
    user.add_options(*_ALWAYS_OFFLINE)
    cold.refuse_connections(503)
    user.power_on()
    user.plug()
    user.present(VALID)
    _stop_by_card(cold, user)
    user.power_cycle()
    time.sleep(1)
    cold.refuse_connections(None)
    cold.expect("BootNotification", within=60)
    cold.ignore("StatusNotification")
    start = seconds(cold.expect("StartTransaction")["timestamp"])
    stop = seconds(cold.expect("StopTransaction")["timestamp"])
    assert 1_700_000_000 < start <= stop <= time.time() + 1
    _settled(cold, user)


def test_soft_reset_when_offline_then_the_stop_is_delivered_after(cs, user):
    """The central system takes the reset and no stop: it comes after the boot, once."""
    states.charging(cs, user)
    cs.respond("StopTransaction", NEVER)
    assert cs.call("Reset", type="Soft") == ACCEPTED
    cs.any_order(message("StopTransaction", reason="SoftReset"), status("Finishing"))
    cs.expect("BootNotification", within=30)
    cs.ignore("StatusNotification")
    cs.expect("StopTransaction", reason="SoftReset", transactionId=1)
    _settled(cs, user)
