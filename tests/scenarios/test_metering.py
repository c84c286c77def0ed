"""Meter values: when they come and what they say."""

from tests.sim.scenario import Scenario


class SampleTest(Scenario):
    def test_samples_then_come_exactly_with_the_interval(self):
        # Counted from the start of the transaction, without drift.
        plant = self.begin(settings=(("MeterValueSampleInterval", "10"),))
        self.charge(run_ms=101_000)
        seconds = [_seconds(p["meterValue"][0]["timestamp"]) for p in plant.csms.of("MeterValues")]
        self.assertEqual(len(seconds), 10)
        for index in range(1, 10):
            self.assertEqual((seconds[index] - seconds[index - 1]) % 86_400_000, 10_000)
        start = _seconds(plant.csms.of("StartTransaction")[0]["timestamp"])
        late_ms = seconds[0] - start - 10_000
        self.assertTrue(0 <= late_ms <= 100, late_ms)

    def test_samples_then_carry_the_transaction_and_never_fall(self):
        # The register is absolute.
        plant = self.begin(settings=(
            ("MeterValueSampleInterval", "5"),
            ("MeterValuesSampledData", "Energy.Active.Import.Register"),
        ))
        self.charge(run_ms=40_000)
        self.finish()
        number = plant.state()["transaction"]
        self.assertIsNone(number)
        values = [int(p["meterValue"][0]["sampledValue"][0]["value"])
                  for p in plant.csms.of("MeterValues")]
        self.assertEqual(values, sorted(values))
        start, stop = plant.csms.of("StartTransaction")[0], plant.csms.of("StopTransaction")[0]
        self.assertTrue(start["meterStart"] <= values[0])
        self.assertTrue(values[-1] <= stop["meterStop"])
        self.assertEqual(stop["meterStop"], plant.meter_wh())

    def test_interval_0_then_no_samples(self):
        # OCPP 1.6 9.1: 0 is none.
        plant = self.begin(settings=(("MeterValueSampleInterval", "0"),))
        self.charge(run_ms=100_000)
        self.assertEqual(plant.csms.of("MeterValues"), [])

    def test_clock_aligned_then_at_exact_multiples_also_at_rest(self):
        # TC_071_CS: k times the interval since midnight.
        plant = self.begin(settings=(
            ("ClockAlignedDataInterval", "15"), ("MeterValueSampleInterval", "0")))
        plant.run(61_000)
        payloads = plant.csms.of("MeterValues")
        self.assertEqual(len(payloads), 4)
        for payload in payloads:
            self.assertEqual(_seconds(payload["meterValue"][0]["timestamp"]) % 15_000, 0)
            self.assertNotIn("transactionId", payload)
            for value in payload["meterValue"][0]["sampledValue"]:
                self.assertEqual(value["context"], "Sample.Clock")

    def test_stop_data_configured_then_has_begin_and_end(self):
        # StopTxnSampledData: what StopTransaction carries along.
        plant = self.begin(settings=(
            ("StopTxnSampledData", "Energy.Active.Import.Register"),
            ("MeterValueSampleInterval", "10"),
        ))
        self.charge(run_ms=25_000)
        self.finish()
        stop = plant.csms.of("StopTransaction")[0]
        values = [row["sampledValue"][0] for row in stop["transactionData"]]
        contexts = [value["context"] for value in values]
        self.assertEqual(contexts[0], "Transaction.Begin")
        self.assertEqual(contexts[-1], "Transaction.End")
        self.assertTrue(len(contexts) >= 4)
        self.assertEqual(int(values[-1]["value"]), stop["meterStop"])
        self.assertEqual(
            int(values[0]["value"]), plant.csms.of("StartTransaction")[0]["meterStart"])

    def test_stop_data_not_configured_then_no_field(self):
        # Both keys empty: no transactionData at all.
        plant = self.begin()
        self.charge(run_ms=2000)
        self.finish()
        self.assertNotIn("transactionData", plant.csms.of("StopTransaction")[0])

    def test_meter_stop_then_is_what_the_meter_shows(self):
        # What flowed while the contactor opened belongs to the bill.
        plant = self.begin()
        plant.do("energy_speed", factor=60)
        before_wh = plant.meter_wh()
        self.charge(run_ms=60_000)
        self.finish()
        self.assertEqual(plant.csms.books()[0][2], plant.meter_wh() - before_wh)


def _seconds(text):
    """Return the ms of the day of a time as the charger writes it."""
    hours, minutes, rest = text[11:-1].split(":")
    seconds, _, millis = rest.partition(".")
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(millis or 0)
