"""Stands in for `network` on an ESP32: each interface notes what is asked of it in `calls`; a test
says in `up` which kinds are connected ("lan", "wifi", "modem")."""

calls = []
up = set()
STA_IF = 0
PHY_LAN8720, PHY_W5500 = 2, 101
DNS = ["192.0.2.53"]


class _Interface:
    kind = "?"

    def active(self, is_active):
        calls.append((self.kind, "active", is_active))

    def isconnected(self):
        return self.kind in up

    def ifconfig(self):
        return ("192.0.2.10", "255.255.255.0", "192.0.2.1", DNS[0])


class WLAN(_Interface):
    kind = "wifi"

    def __init__(self, interface):
        calls.append((self.kind, "made", interface))

    def config(self, **options):
        calls.append((self.kind, "config", options))

    def connect(self, ssid, password):
        calls.append((self.kind, "connect", ssid, password))


class LAN(_Interface):
    kind = "lan"

    def __init__(self, **options):
        shown = {name: getattr(options[name], "id", options[name]) for name in options}
        calls.append((self.kind, "made", shown))


class PPP(_Interface):
    kind = "modem"
    SEC_PAP, SEC_CHAP = 1, 2

    def __init__(self, port):
        calls.append((self.kind, "made", port))

    def connect(self, **options):
        calls.append((self.kind, "connect", options))

    def disconnect(self):
        calls.append((self.kind, "disconnect"))
