"""Core cases about meter values, and what the specification says of their contents."""

import time

from tests.spec import states
from tests.spec.script import ACCEPTED, message, rhythm, seconds
from tests.spec.user import VALID

ENERGY = "Energy.Active.Import.Register"


def _sampled(payload):
    """The one meter value of a MeterValues message: (time, [sampledValue])."""
    (value,) = payload["meterValue"]
    return seconds(value["timestamp"]), value["sampledValue"]


def _measurands(sampled):
    return {value["measurand"] for value in sampled}


def _three(cs, interval, context, configured):
    """CP> MeterValues for three intervals; returns their times."""
    times = []
    (transaction,) = cs.books.open()
    for _ in range(3):
        payload = cs.expect("MeterValues", within=interval + 2)
        assert payload["transactionId"] == transaction.id
        at, sampled = _sampled(payload)
        times.append(at)
        assert _measurands(sampled) == configured
        assert {value["context"] for value in sampled} == {context}
    return times


def test_tc_070_cs_sampled_values(cs, user):
    """Every interval from the start, Sample.Periodic, one value per measurand."""
    cs.configure(MeterValueSampleInterval=2, ClockAlignedDataInterval=0)
    configured = set(cs.value("MeterValuesSampledData").split(","))
    start = states.charging(cs, user)
    times = _three(cs, 2, "Sample.Periodic", configured)
    began = seconds(start["timestamp"])
    assert abs(rhythm([began, *times]) - 2) < 0.3


def test_tc_071_cs_clock_aligned_values(cs, user):
    """At multiples of the interval since midnight, Sample.Clock, one value per measurand."""
    configured = set(cs.value("MeterValuesAlignedData").split(","))
    cs.configure(MeterValueSampleInterval=0)
    cs.ignore("MeterValues")
    cs.configure(ClockAlignedDataInterval=2)
    states.charging(cs, user)
    cs.forget()
    cs.ignore()
    for at in _three(cs, 2, "Sample.Clock", configured):
        assert at % 2 == 0


def test_sampled_values_when_the_list_is_empty_then_hold_the_energy(cs, user):
    """TC_070: an empty list means the energy register."""
    cs.configure(MeterValuesSampledData="", MeterValueSampleInterval=3)
    states.charging(cs, user)
    _, sampled = _sampled(cs.expect("MeterValues"))
    assert _measurands(sampled) == {ENERGY}


def test_sampled_values_when_a_phase_is_named_then_hold_that_phase(cs, user):
    """OCPP 1.6 9.1: `Voltage.L2` is one value with its phase."""
    cs.configure(MeterValuesSampledData="Voltage.L2", MeterValueSampleInterval=3)
    states.charging(cs, user)
    _, sampled = _sampled(cs.expect("MeterValues"))
    assert [(value["measurand"], value["phase"]) for value in sampled] == [("Voltage", "L2-N")]


def test_aligned_values_when_idle_then_have_no_transaction(cs):
    """Clock-aligned values come from an idle connector as well."""
    cs.configure(ClockAlignedDataInterval=2)
    payload = cs.expect("MeterValues")
    assert "transactionId" not in payload


def test_interval_when_changed_in_a_transaction_then_counts_at_once(cs, user):
    """OCPP 1.6 5.3: Accepted means effective now."""
    states.charging(cs, user)
    cs.configure(MeterValueSampleInterval=1)
    times = [_sampled(cs.expect("MeterValues", within=3))[0] for _ in range(4)]
    assert abs(rhythm(times) - 1) < 0.3
    cs.configure(MeterValueSampleInterval=0)
    cs.forget()
    cs.nothing_for(2)


def test_transaction_data_when_configured_then_begins_and_ends_with_the_transaction(cs, user):
    """StopTxnSampledData: Transaction.Begin, samples, Transaction.End."""
    cs.configure(StopTxnSampledData=ENERGY, MeterValueSampleInterval=1, MeterValuesSampledData="")
    cs.ignore("MeterValues")
    user.do("energy_speed", factor=600)
    start = states.charging(cs, user)
    time.sleep(2.5)
    user.present(VALID)
    stop = states.stopped(cs)
    samples = [value["sampledValue"][0] for value in stop["transactionData"]]
    contexts = [sample["context"] for sample in samples]
    assert contexts[0] == "Transaction.Begin"
    assert contexts[-1] == "Transaction.End"
    assert set(contexts[1:-1]) == {"Sample.Periodic"}
    assert int(samples[0]["value"]) == start["meterStart"]
    assert int(samples[-1]["value"]) == stop["meterStop"] > start["meterStart"]


def test_transaction_data_when_too_much_then_the_ends_stay(cs, user):
    """StopTransactionMaxMeterValues: values in the middle are dropped."""
    limit = int(cs.value("StopTransactionMaxMeterValues"))
    cs.configure(StopTxnAlignedData=ENERGY, StopTxnSampledData=ENERGY)
    cs.configure(ClockAlignedDataInterval=1, MeterValueSampleInterval=1)
    cs.ignore("MeterValues")
    states.charging(cs, user)
    time.sleep(limit / 2 + 1)
    user.present(VALID)
    data = states.stopped(cs)["transactionData"]
    assert len(data) == limit
    assert data[0]["sampledValue"][0]["context"] == "Transaction.Begin"
    assert data[-1]["sampledValue"][0]["context"] == "Transaction.End"


def test_transaction_data_when_not_configured_then_is_absent(cs, user):
    """Both lists empty: no transactionData at all."""
    states.charging(cs, user)
    user.present(VALID)
    cs.any_order(
        message("StopTransaction", transactionData=None),
        message("StatusNotification", status="Finishing"),
    )


def test_measurands_when_one_cannot_be_served_then_the_list_is_refused(cs):
    """No partial acceptance, nothing changed."""
    before = cs.value("MeterValuesSampledData")
    for value in (f"{ENERGY},SoC", "RPM", f"{ENERGY},{ENERGY}", "energy", "Voltage.L4"):
        answer = cs.call("ChangeConfiguration", key="MeterValuesSampledData", value=value)
        assert answer == {"status": "Rejected"}, value
    assert cs.value("MeterValuesSampledData") == before
    answer = cs.call("ChangeConfiguration", key="metervaluessampleddata", value="Voltage")
    assert answer == ACCEPTED
