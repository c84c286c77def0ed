"""The way out of a board: Ethernet, Wi-Fi or a modem, as its board.json and its settings say.

One interface at a time, in that order: the first that comes up stays until it is down for good,
then the next one has its turn. Nothing here waits for the network but in asyncio.
"""

import asyncio

import machine
import network
from machine import Pin
from micropython import const

from firmware.net import stream
from firmware.net.names import Names

_PATIENCE_S = const(40)
_AT_S = const(10)
_UNREACHABLE = const(101)


class Net:
    """`run` is a task for ever; `connect` is for firmware.net. description: "network" of
    board.json. `link` is the interface that is up, or None; `kind` its name."""

    def __init__(self, description, board):
        self.link = None
        self.kind = None
        self._description = description
        self._names = Names(self._servers, board)
        self._lan = None
        self._get = None
        self._log = None

    def use(self, get, log):
        """get(name): the settings WifiSsid, WifiPassword, ModemApn, ModemUser, ModemPassword, as
        texts, or None."""
        self._get = get
        self._log = log

    async def connect(self, host, port, tls_context):
        """Open a connection. Raises OSError."""
        if self.link is None:
            raise OSError(_UNREACHABLE)
        return await stream.connect(host, port, tls_context, self._names.resolve)

    async def run(self):
        """Keep an interface up."""
        while True:
            for choice in self._choices():
                try:
                    await self._try(choice)
                except (OSError, RuntimeError, ValueError) as error:
                    self._log.warn("net", "%s: %s", choice[0], error)
            await asyncio.sleep(1)

    def _choices(self):
        """Return (kind, setting, ...) of the interfaces that can be tried, in their order."""
        choices: list = [("lan",)] if "lan" in self._description else []
        get = self._get
        if get("WifiSsid"):
            choices.append(("wifi", get("WifiSsid"), get("WifiPassword") or ""))
        if "modem" in self._description and get("ModemApn"):
            choices.append(("modem", get("ModemApn"), get("ModemUser"), get("ModemPassword")))
        return choices

    async def _try(self, choice):
        """Bring one interface up and watch it, until it is down for long or not wanted."""
        kind = choice[0]
        if kind == "lan":
            # The controller can be made only once.
            link = self._lan = self._lan or _lan(self._description["lan"])
            link.active(True)
        elif kind == "wifi":
            link = _start_wifi(choice)
        else:
            link = await _start_modem(self._description["modem"], choice)
        down_s = 0
        try:
            while down_s < _PATIENCE_S and choice in self._choices():
                is_up = link.isconnected()
                if is_up and self.link is None:
                    self._log.info("net", "%s is up: %s", kind, link.ifconfig()[0])
                    self.kind = kind
                self.link = link if is_up else None
                down_s = 0 if is_up else down_s + 1
                await asyncio.sleep(1)
        finally:
            self.link = self.kind = None
            if kind == "modem":
                link.disconnect()
            else:
                link.active(False)
        self._log.warn("net", "%s is down", kind)

    def _servers(self):
        """The name servers that the network has told of."""
        server = self.link.ifconfig()[3] if self.link else "0.0.0.0"
        return () if server == "0.0.0.0" else (server,)


def _start_wifi(choice):
    link = network.WLAN(network.STA_IF)
    link.active(True)
    link.config(pm=0)  # a wallbox need not save power, and answers sooner
    link.connect(choice[1], choice[2])
    return link


def _lan(row):
    """An Ethernet port: RMII if it has `mdc`, else on SPI."""
    phy = getattr(network, "PHY_" + row["phy"])
    options = {"phy_type": phy, "phy_addr": row.get("address", 0)}
    if "mdc" in row:
        wanted = ("mdc", "mdio", "power", "ref_clk")
        options["ref_clk_mode"] = Pin.OUT if row.get("gives_clock") else Pin.IN
    else:
        wanted = ("cs", "int")
        options["spi"] = machine.SPI(
            row["spi"], 20_000_000, sck=Pin(row["sck"]), mosi=Pin(row["mosi"]),
            miso=Pin(row["miso"]),
        )  # fmt: skip
    for name in wanted:
        if name in row:
            options[name] = Pin(row[name])
    return network.LAN(**options)


async def _start_modem(row, choice):
    """Dial, and hand the port over to PPP. Raises OSError with what the modem said."""
    port = machine.UART(
        row["uart"], row.get("baud", 115200), tx=row["tx"], rx=row["rx"], rxbuf=2048, timeout=0
    )
    if "power" in row:
        Pin(row["power"], Pin.OUT, value=1)
    _, apn, user, password = choice
    # Out of the data mode that a reset of ours may have left it in.
    await asyncio.sleep(1)
    port.write(b"+++")
    await asyncio.sleep(1)
    for command in ("ATH", "ATE0", 'AT+CGDCONT=1,"IP","%s"' % apn, "ATD*99***1#"):
        answer = await _ask(port, command)
        if "OK" not in answer and "CONNECT" not in answer and command != "ATH":
            raise OSError("the modem says %s to %s" % (answer.strip() or "nothing", command))
    link = network.PPP(port)
    if user:
        link.connect(security=network.PPP.SEC_CHAP, user=user, key=password)
    else:
        link.connect()
    return link


async def _ask(port, command):
    """Send a command, return what comes until it is complete, or for 10 s."""
    port.read()
    port.write(command.encode() + b"\r")
    answer = ""
    for _ in range(10 * _AT_S):
        await asyncio.sleep(0.1)
        answer += (port.read() or b"").decode()
        for end in ("OK\r", "CONNECT", "ERROR", "NO C"):
            if end in answer:
                return answer
    return answer
