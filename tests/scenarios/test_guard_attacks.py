"""Whole chargers in the situations that could blind the guard: a duty that is never still, an EV
that leaves in that very moment, state F and who stands behind it.

firmware/guard/README.md says why the bounds are what they are; times in ms.
"""

# First what lies deepest: an import within an import takes C stack on MicroPython.
import tests.sim.scenario  # noqa: F401
from tests.scenarios.test_profile_limits import ProfileScenario
from tests.sim.charging_profiles import profile
from tests.sim.scenario import CARD

_PERIODS = 30
_OPEN_MS = 80
_HIDDEN_MS = 600
_F_MS = 300
_HARD = ("rcd_trip", "emergency_stop", "pe_lost", "cp_short", "diode", "power_loss",
         "overcurrent", "cp_generator")


class DutyEachSecondTest(ProfileScenario):
    def falling(self):
        """Charge under a profile that takes 0.8 A off each second; smart charging at its worst."""
        plant = self.plant
        limits = [(second, (320 - 8 * second) / 10) for second in range(_PERIODS)]
        payload = profile(1, limits=limits, kind="Absolute", start=self.begun(0))
        self.assertEqual(self.set(payload), "Accepted")
        if plant.status() != "Charging":
            self.charge(run_ms=0)

    def outlet(self):
        return self.plant.world.outlets[0]

    def opens_after(self, what):
        """Do it, and return the ms until the contacts are apart."""
        plant = self.plant
        began_ms = plant.uptime_ms()
        what()
        plant.run_until(lambda: not plant.closed(), 1000)
        return plant.uptime_ms() - began_ms

    def open_s2(self):
        ev = self.outlet().ev
        ev.s2 = ev.wants = False
        ev.current_ma = 0

    def changes(self, time_ms):
        """Return how often the offer changes in this time."""
        plant = self.plant
        seen = [self.offer_ma()]
        for _ in range(time_ms // 10):
            plant.run(10)
            if self.offer_ma() != seen[-1]:
                seen.append(self.offer_ma())
        return len(seen) - 1

    def test_ev_opens_s2_between_two_of_many_duties_then_open_in_600_ms_and_mostly_in_80(self):
        # 8.1: 100 ms. What looks like B just after a new duty is believed 550 ms later, once in
        # 4.5 s: at most one EV in eight waits.
        late = 0
        cases = range(0, 5000, 420)
        for offset_ms in cases:
            self.begin()
            self.falling()
            self.assertTrue(self.changes(6000 + offset_ms) >= 6)
            took_ms = self.opens_after(self.open_s2)
            self.assertTrue(took_ms <= _HIDDEN_MS, (offset_ms, took_ms))
            late += took_ms > _OPEN_MS
            self.tearDown()
        self.assertTrue(late * 8 <= len(cases) + 8, late)

    def test_unplugged_under_load_between_two_of_many_duties_then_open_in_80_ms(self):
        # 2.2: state A is never hidden.
        for offset_ms in range(0, 1000, 170):
            plant = self.begin()
            self.falling()
            plant.run(6000 + offset_ms)
            took_ms = self.opens_after(lambda: self.plant.do("unplug"))
            self.assertTrue(took_ms <= _OPEN_MS, (offset_ms, took_ms))
            self.tearDown()

    def test_diode_that_goes_between_two_of_many_duties_then_open_in_250_ms(self):
        # Row 3 of the fault table, also with the change of the duty in the same 10 ms.
        for offset_ms in range(0, 1000, 170):
            plant = self.begin()
            self.falling()
            plant.run(6000 + offset_ms)
            took_ms = self.opens_after(lambda: self.plant.do("fault", name="diode"))
            self.assertTrue(took_ms <= 250, (offset_ms, took_ms))
            self.tearDown()

    def test_duty_that_falls_each_second_then_no_fault_is_seen_that_is_none(self):
        # Neither diode nor pilot nor current: the EV follows, and charges to the last period.
        plant = self.begin()
        self.falling()
        self.assertTrue(self.changes(20_000) >= 19)
        self.assertEqual((plant.status(), plant.closed()), ("Charging", True))
        self.assertEqual(len(plant.seen("contactor", closed=True)), 1)
        self.finish()


class StateFTest(ProfileScenario):
    def duty(self):
        return self.plant.world.outlets[0].circuit.duty

    def test_hard_fault_at_any_moment_then_state_f_for_300_ms_with_the_contacts_apart(self):
        # Table A.5: at least so long, just after a tick of 50 ms and just before one.
        for name in _HARD:
            for phase_ms in (0, 30):
                plant = self.begin()
                self.charge(run_ms=3000 + phase_ms)
                plant.do("fault", name=name)
                plant.run_until(lambda: self.duty() == 0, 5000)
                began_ms = plant.uptime_ms()
                while self.duty() == 0:
                    self.assertFalse(plant.closed())
                    plant.run(10)
                took_ms = plant.uptime_ms() - began_ms
                self.assertTrue(_F_MS <= took_ms <= 500, (name, phase_ms, took_ms))
                self.tearDown()

    def test_other_ev_behind_a_weld_that_is_mended_then_has_to_show_its_diode(self):
        # F as long as the weld is latched: nobody sees who comes and goes behind it.
        plant = self.welded()
        plant.run(2000)
        self.assertEqual(self.duty(), 0)
        plant.do("unplug")
        plant.do("clear", name="contactor_welded")
        plant.do("fault", name="diode")
        plant.do("plug")
        # A load that is in C from the start, whatever is offered.
        plant.world.outlets[0].ev.has_s2 = False
        plant.run(5000)
        closed = len(plant.seen("contactor", closed=True))
        plant.call("ChangeConfiguration", {"key": "ContactorWelded", "value": "0"})
        plant.run(1000)
        plant.do("card", id=CARD)
        plant.run_until(lambda: plant.state()["faults"] == ["diode"], 20_000)
        plant.run(20_000)
        self.assertEqual(len(plant.seen("contactor", closed=True)), closed)
        self.assertFalse(plant.closed())
