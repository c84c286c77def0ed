"""Which interface comes up, how, and what happens when it goes; the modem's conversation."""

import sys
import unittest

sys.path.insert(0, "tests/esp32")
import on_fakes  # noqa: F401  isort: split
import machine
import network
from boards._esp32.net import Net
from log import Log
from tests.sim import loop

import asyncio

_RMII = {"phy": "LAN8720", "mdc": 23, "mdio": 18, "power": 12, "ref_clk": 17,
         "gives_clock": True, "address": 1}
_SPI = {"phy": "W5500", "spi": 2, "sck": 18, "mosi": 23, "miso": 19, "cs": 5, "int": 4}
_MODEM = {"uart": 1, "tx": 17, "rx": 16, "power": 4}


class _Board:
    ticks_ms = staticmethod(loop.now)

    @staticmethod
    def random(count):
        return bytes(count)


class _Modem:
    """Answers the commands that it knows."""

    def __init__(self, answers):
        self.said = []
        self._answers = answers
        self._out = b""

    def write(self, data):
        self.said.append(data.decode().strip())
        self._out += self._answers.get(self.said[-1][:5], "").encode()

    def any(self):
        return len(self._out)

    def read(self):
        out, self._out = self._out, b""
        return out or None


class NetTest(unittest.TestCase):
    def setUp(self):
        machine.forget()
        network.up.clear()
        del network.calls[:]
        self.settings = {}
        self.lines = []
        self.log = Log(sink=lambda level, area, text: self.lines.append(text))

    def net(self, description=None):
        net = Net(description or {}, _Board)
        net.use(self.settings.get, self.log)
        return net

    def live(self, net, *steps):
        """Let the net run; steps are ms to wait, or functions to call."""

        async def main():
            task = asyncio.create_task(net.run())
            for step in steps:
                if callable(step):
                    step()
                else:
                    await asyncio.sleep(step / 1000)
            task.cancel()

        loop.run(main())

    def made(self):
        """The interfaces in the order in which they were begun."""
        wanted = [call for call in network.calls if call[1] in ("active", "connect")]
        return [call[0] for call in wanted if call[2] is not False]

    def test_wifi_with_settings_then_up_and_told(self):
        """No power saving; its name server is asked; the key is not logged."""
        self.settings.update(WifiSsid="house", WifiPassword="secret-key")
        net = self.net()
        network.up.add("wifi")
        seen = []
        self.live(net, 1500, lambda: seen.append((net.kind, net._servers())))
        self.assertEqual(seen, [("wifi", ("192.0.2.53",))])
        self.assertIn(("wifi", "config", {"pm": 0}), network.calls)
        self.assertIn(("wifi", "connect", "house", "secret-key"), network.calls)
        self.assertIn("wifi is up: 192.0.2.10", self.lines)
        self.assertFalse(any("secret" in line for line in self.lines))

    def test_nothing_to_connect_with_then_waits_for_settings(self):
        """A new box: the console sets the name later, without a restart."""
        net = self.net()
        network.up.add("wifi")
        self.live(net, 5000, lambda: self.assertEqual(network.calls, []),
                  lambda: self.settings.update(WifiSsid="house"), 3000,
                  lambda: self.assertEqual(net.kind, "wifi"))

    def test_lan_before_wifi_before_modem_and_on_to_the_next_when_none_answers(self):
        """A cable that is not plugged in costs 40 s, then Wi-Fi has its turn, then the modem."""
        self.settings.update(WifiSsid="house", ModemApn="apn")
        machine.devices["uart", 1] = _Modem({"ATH": "OK\r\n"})
        net = self.net({"lan": _RMII, "modem": _MODEM})
        self.live(net, 39_000, lambda: self.assertEqual(set(self.made()), {"lan"}),
                  5_000, lambda: self.assertEqual(set(self.made()), {"lan", "wifi"}),
                  40_000, lambda: self.assertIn("ATE0", machine.devices["uart", 1].said))
        self.assertIn("lan is down", self.lines)

    def test_link_that_goes_for_a_moment_then_kept_else_begun_anew(self):
        """An access point that restarts; meanwhile nothing can be connected."""
        self.settings.update(WifiSsid="house")
        net = self.net()
        network.up.add("wifi")
        links = []
        self.live(net, 2000, network.up.clear, 10_000, lambda: links.append(net.link),
                  lambda: network.up.add("wifi"), 2000, lambda: links.append(net.kind),
                  lambda: links.append(len(self.made())))
        self.assertEqual(links, [None, "wifi", 2])

    def test_settings_that_change_then_begun_anew_at_once(self):
        """Another network on trial."""
        self.settings.update(WifiSsid="old")
        net = self.net()
        network.up.add("wifi")
        self.live(net, 3000, lambda: self.settings.update(WifiSsid="new"), 4000)
        names = [call[2] for call in network.calls if call[1] == "connect"]
        self.assertEqual(names, ["old", "new"])

    def test_no_link_then_connect_says_unreachable(self):
        """As an OSError that the link has a sentence for."""

        async def main():
            await self.net().connect("csms.example.com", 443, None)

        try:
            loop.run(main())
            self.fail("connected")
        except OSError as error:
            self.assertEqual(error.args[0], 101)

    def test_lan_over_rmii_then_made_once_with_pins_and_clock(self):
        """The controller can be made only once; data pins are the chip's own."""
        net = self.net({"lan": _RMII})
        self.live(net, 100_000)
        made = [call for call in network.calls if call[1] == "made"]
        self.assertEqual(made, [("lan", "made", {
            "phy_type": network.PHY_LAN8720, "phy_addr": 1, "ref_clk_mode": machine.Pin.OUT,
            "mdc": 23, "mdio": 18, "power": 12, "ref_clk": 17})])

    def test_lan_over_spi_then_made_with_its_bus(self):
        """A W5500."""
        self.live(self.net({"lan": _SPI}), 1000)
        options = network.calls[0][2]
        self.assertTrue(isinstance(options.pop("spi"), machine.SPI))
        self.assertEqual(options, {
            "phy_type": network.PHY_W5500, "phy_addr": 0, "cs": 5, "int": 4})
        self.assertIn(("spi", 2, 20_000_000, {"sck": 18, "mosi": 23, "miso": 19}), machine.calls)

    def test_modem_then_dialled_and_handed_to_ppp(self):
        """Escape, hang up, echo off, APN, dial; then PPP with its user."""
        answers = {"ATH": "OK\r\n", "ATE0": "OK\r\n", "AT+CG": "OK\r\n", "ATD*9": "CONNECT\r\n"}
        modem = machine.devices["uart", 1] = _Modem(answers)
        self.settings.update(ModemApn="internet", ModemUser="me", ModemPassword="key")
        network.up.add("modem")
        net = self.net({"modem": _MODEM})
        self.live(net, 6000, lambda: self.assertEqual(net.kind, "modem"))
        self.assertEqual(modem.said, [
            "+++", "ATH", "ATE0", 'AT+CGDCONT=1,"IP","internet"', "ATD*99***1#"])
        options = {"security": network.PPP.SEC_CHAP, "user": "me", "key": "key"}
        self.assertIn(("modem", "connect", options), network.calls)
        self.assertEqual(machine.levels[4], 1)

    def test_modem_without_network_then_told_and_tried_again(self):
        """What it said stands in the log; the loop goes on."""
        answers = {"ATH": "ERROR\r\n", "ATE0": "OK\r\n", "AT+CG": "OK\r\n"}
        answers["ATD*9"] = "NO CARRIER\r\n"
        modem = machine.devices["uart", 1] = _Modem(answers)
        self.settings.update(ModemApn="internet")
        self.live(self.net({"modem": _MODEM}), 12_000)
        self.assertIn("modem: the modem says NO CARRIER to ATD*99***1#", self.lines)
        self.assertTrue(modem.said.count("ATE0") >= 2)

    def test_modem_that_is_silent_then_told(self):
        """10 s for each command, in which everything else runs."""
        machine.devices["uart", 1] = _Modem({})
        self.settings.update(ModemApn="internet")
        self.live(self.net({"modem": _MODEM}), 23_000)
        self.assertIn("modem: the modem says nothing to ATE0", self.lines)
