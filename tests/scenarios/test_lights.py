"""The lights of the box and its service button, on a whole charger."""

from tests.sim import plant as plants
from tests.sim.scenario import Scenario

# This file has a process of its own.
plants._DESCRIPTION = dict(
    plants._DESCRIPTION,
    leds={"status": 1, "error": 2, "charging": 3, "wifi": 4},
    buttons={"service": 5},
)


class _Brings:
    """A board that knows a central system."""

    url, identity, password, ca, profile = "ws://test/ocpp", "BOX", None, None, 0


class LightsTest(Scenario):
    def led(self):
        """What the lights show: (status, error, charging, wifi)."""
        led = self.plant.do("state")["led"]
        return tuple([led[name] for name in ("status", "error", "charging", "wifi")])

    def test_status_then_each_light_shows_its_row_of_the_table(self):
        # Available: on. A car: slow. Energy: half of the time. A fault: fast, with its own light.
        plant = self.begin(access=_Brings)
        self.assertEqual(self.led(), (0xFF, 0, 0, 0xFF))
        plant.do("plug")
        self.wait("Preparing")
        plant.run(300)
        self.assertEqual(self.led(), (0x33, 0, 0, 0xFF))
        plant.do("unplug")
        self.wait("Available")
        self.charge()
        self.assertEqual(self.led(), (0x0F, 0, 0xFF, 0xFF))
        plant.do("fault", name="rcd_trip")
        self.wait("Faulted")
        plant.run(300)
        self.assertEqual(self.led(), (0x55, 0x55, 0, 0xFF))

    def test_two_connectors_then_the_worse_one_is_shown(self):
        plant = self.begin(connectors=2)
        plant.do("plug", connector=2)
        self.wait("Preparing", connector=2)
        plant.run(300)
        self.assertEqual(self.led()[0], 0x33)
        plant.do("fault", name="rcd_trip", connector=1)
        self.wait("Faulted")
        plant.run(300)
        self.assertEqual(self.led()[0], 0x55)

    def test_network_gone_then_its_light_flashes_and_without_an_address_it_is_off(self):
        plant = self.begin(access=_Brings)
        plant.connected = False
        plant.run(2000)
        self.assertEqual(self.led()[3], 0x11)
        plant.close()
        self.begin(connected=False)
        self.assertEqual(self.led()[3], 0)

    def test_pattern_then_the_lamp_is_lit_bit_by_bit(self):
        # Charging: a second on, a second off, whatever the moment.
        plant = self.begin()
        self.charge()
        lit = []
        for _ in range(80):
            plant.run(50)
            lit.append(plant.world.lamps.status)
        changes = len([at for at in range(1, 80) if lit[at] != lit[at - 1]])
        self.assertTrue(36 <= lit.count(True) <= 44, lit)
        self.assertTrue(3 <= changes <= 4, lit)
        self.assertTrue(plant.world.lamps.charging)


class ButtonTest(Scenario):
    def boots(self):
        return self.plant.app.last_run.number

    def test_button_held_in_a_session_then_it_ends_and_the_box_restarts(self):
        plant = self.begin()
        self.charge()
        before = self.boots()
        plant.do("button", hold_ms=3500)
        plant.run(12_000)
        self.assertEqual(self.boots(), before + 1)
        self.assertEqual(plant.csms.books()[0][3], "Reboot")
        plant.do("unplug")
        self.wait("Available")

    def test_button_pressed_for_a_moment_then_nothing_happens(self):
        plant = self.begin()
        before = self.boots()
        for _ in range(3):
            plant.do("button", hold_ms=1500)
            plant.run(2500)
        self.assertEqual(self.boots(), before)

    def test_button_that_hangs_from_the_start_on_then_the_box_does_not_restart_for_ever(self):
        plant = self.begin()
        plant.power_cycle()
        before = self.boots()
        plant.do("button", hold_ms=20_000)
        plant.run(15_000)
        self.assertEqual(self.boots(), before)
        plant.run(10_000)
        plant.do("button", hold_ms=3500)
        plant.run(8000)
        self.assertEqual(self.boots(), before + 1)
