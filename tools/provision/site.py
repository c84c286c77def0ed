"""Read and check site.toml; see tools/provision. Every mistake is named before a board is touched.
"""

import re
import ssl
import string
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

_SECTIONS = {
    "site": ("id", "qr", "first_number"),
    "network": ("wifi_ssid", "wifi_password", "wifi_password_file"),
    "ocpp": ("url", "security_profile", "ca_file"),
}
_SEEN = "is set on the console by somebody who has seen the box"
_QR = "pilotwire:{id}?serial={serial}"
# What has a place of its own in site.toml, and what somebody has to look at, box by box.
_NOT_CONFIG = {
    "ocppurl": "is [ocpp] url", "ocppidentity": "is [site] id",
    "ocppkey": "is made for each board, see --secrets",
    "securityprofile": "is [ocpp] security_profile", "trialtime": "is set on the console only",
    "wifissid": "is [network] wifi_ssid", "wifipassword": "is [network] wifi_password",
    "contactorwelded": _SEEN, "rcdtripped": _SEEN, "storagelost": _SEEN,
}
# OCPP 1.6 takes 48 characters; of these none needs quoting in the address.
_IDENTITY = re.compile(r"[A-Za-z0-9_.:=+|@*-]{1,48}")
_URL = re.compile(r"wss?://[!-~]{1,394}")
_NUMBER_MAX = 10**9
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")
# The board reads it into its heap, beside all that TLS needs.
_CA_BYTES_MAX = 8192
_SSID_BYTES_MAX = 32
_PASSWORD = range(8, 64)  # IEEE 802.11: passphrase of 8 to 63 characters


class SiteError(Exception):
    """site.toml cannot be used; the text names the key and the remedy."""


class Site:
    """What all boards of a site have in common. Raises SiteError."""

    def __init__(self, path):
        self.path = Path(path or "")
        self._tables = self._read()
        self.url = self._url()
        self.profile = self._profile()
        self.ssid, self.password = self._wifi()
        self.ca = self._ca()
        self.config = self._config()
        self.first_number = self._get("site", "first_number", 1)
        if not 0 <= self.first_number <= _NUMBER_MAX:
            self._fail("[site] first_number is to be 0 to %d" % _NUMBER_MAX)
        self._id = self._template("id", ("number", "serial"))
        self._qr = self._template("qr", ("id", "serial"), _QR)
        self.label(self.identity(self.first_number, "0" * 12), "0" * 12)

    @property
    def wants_key(self):
        """Whether each board gets a key of its own."""
        return self.profile > 0

    def identity(self, number, serial):
        """Return the identity of a board."""
        text = self._format(self._id, "id", number=number, serial=serial)
        if not _IDENTITY.fullmatch(text):
            self._fail("[site] id gives %r: 1 to 48 letters, digits or any of _.:=+|@*- are "
                       "allowed" % text[:60])
        return text

    def label(self, identity, serial):
        """Return the text of the QR code on the label."""
        return self._format(self._qr, "qr", id=identity, serial=serial)

    def access(self, identity, key):
        """Return the record `access` of a board, see firmware: a dictionary of texts."""
        record = {"OcppUrl": self.url, "OcppIdentity": identity,
                  "SecurityProfile": str(self.profile)}
        if key:
            record["OcppKey"] = key
        if self.ssid:
            record["WifiSsid"] = self.ssid
            record["WifiPassword"] = self.password
        return record

    def _read(self):
        if not self.path.is_file():
            raise SiteError("there is no site file %s: say SITE=site.toml; `make provision "
                            "ARGS=--help` shows one" % self.path)
        try:
            tables = tomllib.loads(self.path.read_text(encoding="utf-8-sig"))
        except UnicodeDecodeError as error:
            raise SiteError("%s: this is no UTF-8 text: save it as that" % self.path) from error
        except OSError as error:
            raise SiteError("%s: cannot be read (%s)" % (self.path, error.strerror)) from error
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise SiteError("%s: %s" % (self.path, error)) from error
        for name, table in tables.items():
            if name != "config" and name not in _SECTIONS:
                self._fail("[%s] is unknown; there are [site], [network], [ocpp], [config]" % name)
            if not isinstance(table, dict):
                self._fail("[%s] is to be a section, with lines `key = value` below it" % name)
            for key in table:
                if name != "config" and key not in _SECTIONS[name]:
                    self._fail("[%s] %s is unknown; there are %s" % (
                        name, key, ", ".join(_SECTIONS[name])))
        return tables

    def _get(self, section, key, default=None):
        value = self._tables.get(section, {}).get(key, default)
        kind = int if key in ("first_number", "security_profile") else str
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            self._fail("[%s] %s is to be a %s" % (
                section, key, "number" if kind is int else "text in quotes"))
        return value

    def _text_of(self, section, key):
        """Return the content of the file that `key` names, beside site.toml; None without."""
        name = self._get(section, key)
        if name is None:
            return None
        try:
            return (self.path.parent / name).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            self._fail("[%s] %s: cannot read %s (%s)" % (
                section, key, name, getattr(error, "strerror", None) or "no text"))

    def _url(self):
        url = self._get("ocpp", "url")
        if url is None:
            self._fail("[ocpp] url is missing: the address of the central system, without the "
                       "identity")
        try:
            parts = urlsplit(url)
            is_good = parts.scheme in ("ws", "wss") and parts.hostname and parts.port != 0
        except ValueError:
            is_good = False
        if not is_good or not _URL.fullmatch(url) or "?" in url or "#" in url:
            self._fail("[ocpp] url is no address: it looks like wss://csms.example.com/ocpp, with "
                       "a small ws or wss, and without blanks, ? and #")
        if "@" in parts.netloc:
            self._fail("[ocpp] url holds a password: leave it out, each board gets its own key")
        return url

    def _profile(self):
        profile = self._get("ocpp", "security_profile", 2 if self.url.startswith("wss") else 1)
        if profile not in (0, 1, 2):
            self._fail("[ocpp] security_profile is 0 (none), 1 (key) or 2 (key and TLS)")
        if (profile == 2) != self.url.startswith("wss:"):
            self._fail("[ocpp] security_profile %d does not fit the url: profile 2 is for wss://, "
                       "0 and 1 are for ws://" % profile)
        return profile

    def _ca(self):
        text = self._text_of("ocpp", "ca_file")
        if text is None:
            if self.profile == 2:
                self._fail("[ocpp] ca_file is missing: wss:// needs the certificate of the "
                           "authority that signed the central system's, as a PEM file")
            return None
        name = self._tables["ocpp"]["ca_file"]
        # Nothing else in the file goes to a board: no remarks, and above all no private key.
        text = "\n".join([*_CERTIFICATE.findall(text), ""])
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
        except (ssl.SSLError, ValueError, TypeError):
            self._fail("[ocpp] ca_file: %s holds no certificate: it is to be a PEM file, with "
                       "BEGIN CERTIFICATE" % name)
        if len(text) > _CA_BYTES_MAX:
            self._fail("[ocpp] ca_file: %s has %d KB of certificates, a board has room for %d: "
                       "leave only the authority that signed the central system's" % (
                           name, len(text) // 1024, _CA_BYTES_MAX // 1024))
        return text

    def _config(self):
        config = {}
        for name, value in self._tables.get("config", {}).items():
            place = _NOT_CONFIG.get(name.lower())
            if place:
                self._fail("[config] %s does not belong here: it %s" % (name, place))
            if name.lower() in [other.lower() for other in config]:
                self._fail("[config] %s stands twice" % name)
            if not name or not isinstance(value, (bool, int, str, list)) or (
                    isinstance(value, list)
                    and any(not isinstance(item, (int, str)) for item in value)):
                self._fail("[config] %s is to be a whole number, true, false, a text in quotes, "
                           "or a list of texts" % name)
            config[name] = _value(value)
        return config

    def _wifi(self):
        ssid = self._get("network", "wifi_ssid")
        password = self._get("network", "wifi_password")
        if password is not None and "wifi_password_file" in self._tables["network"]:
            self._fail("[network] has wifi_password and wifi_password_file: leave one of them")
        if password is None:
            password = self._text_of("network", "wifi_password_file")
            password = password and password.rstrip("\r\n")
        if ssid is None:
            if password is not None:
                self._fail("[network] wifi_ssid is missing")
            return None, ""
        if not 0 < len(ssid.encode()) <= _SSID_BYTES_MAX:
            self._fail("[network] wifi_ssid is to have 1 to %d bytes" % _SSID_BYTES_MAX)
        if password and len(password) not in _PASSWORD:
            self._fail("[network] the Wi-Fi password is to have 8 to 63 characters")
        if not (ssid + (password or "")).isprintable():
            self._fail("[network] the name or the password of the Wi-Fi has a control character")
        return ssid, password or ""

    def _template(self, key, fields, default=None):
        text = self._get("site", key, default)
        if text is None:
            self._fail('[site] %s is missing, such as "NORTH-{number:03}"' % key)
        try:
            found = [field for _, field, _, _ in string.Formatter().parse(text)
                     if field is not None]
        except ValueError as error:
            self._fail("[site] %s: %s" % (key, error))
        if not found or set(found) - set(fields):
            self._fail("[site] %s is to contain {%s} and nothing else in braces" % (
                key, "} or {".join(fields)))
        return text

    def _format(self, text, key, **values):
        try:
            return text.format(**values)
        except (ValueError, LookupError, OverflowError) as error:
            self._fail("[site] %s cannot be filled in (%s)" % (key, error))

    def _fail(self, text):
        raise SiteError("%s: %s" % (self.path, text))


def _value(value):
    """Return a value of [config] as OCPP writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(str(item) for item in value)
    return str(value)
