"""site.toml: each mistake is a sentence that names the key, before a board is touched."""

import pytest

from tests.host.certificates import Authority
from tests.host.provisioning import SITE
from tools.provision.site import Site, SiteError


@pytest.mark.parametrize("old, new, text", [
    ("[site]", "[sight]", r"\[sight\] is unknown"),
    ("wifi_ssid", "ssid", r"\[network\] ssid is unknown; there are wifi_ssid"),
    ('id = "NORTH-{number:03}"', "", r"\[site\] id is missing"),
    ("{number:03}", "1", r"id is to contain \{number\} or \{serial\}"),
    ("{number:03}", "{number.__class__}", r"nothing else in braces"),
    ("NORTH-", "NÖRTH ", "letters, digits"),
    ("ws://127.0.0.1:9/ocpp", "http://x", "url is no address"),
    ("ws://127.0.0.1:9/ocpp", "ws://u:p@x/", "url holds a password"),
    ("[config]", "security_profile = 2\n[config]", "profile 2 is for wss://"),
    ("[config]", "ca_file = 'none.pem'\n[config]", "ca_file: cannot read none.pem"),
    ("[config]", "ca_file = 'site.toml'\n[config]", "site.toml holds no certificate: .* PEM"),
    ("ws://127.0.0.1:9/ocpp", "wss://x/ocpp", "ca_file is missing: wss:// needs"),
    ("very secret wifi", "short", "8 to 63 characters"),
    ('"chargers"', '"%s"' % ("x" * 33), "1 to 32 bytes"),
    ("[site]", "[site", "Expected"),
    ("{number:03}", "{number:{}}", r"\[site\] id cannot be filled in"),
    ("{number:03}", "{number:{foo}}", r"\[site\] id cannot be filled in"),
    ("{serial}", "{serial:d}", r"\[site\] qr cannot be filled in"),
    ("{serial}", "{serial:{}}", r"\[site\] qr cannot be filled in"),
    ("{number:03}", "{number:9999}", "letters, digits"),
    ("[network]", "first_number = -5\n[network]", "first_number is to be 0 to"),
    ("ws://127.0.0.1:9/ocpp", "WSS://127.0.0.1:9/ocpp", "url is no address: .* small ws"),
    ("ws://127.0.0.1:9/ocpp", "ws://127.0.0.1:9/ocpp?a=b", "url is no address: .* without"),
    ("9/ocpp", "9/oc\\tpp", "url is no address"),
    ("9/ocpp", "9/oc\\u0000pp", "url is no address"),
    ('"chargers"', '"char\\ngers"', "control character"),
    ("[ocpp]", "wifi_password_file = 'x'\n[ocpp]", "leave one of them"),
    ("[config]", "ca_file = 'a\\u0000b'\n[config]".replace("'", '"'), "cannot read"),
    ("[config]\n", "[[config]]\n", r"\[config\] is to be a section"),
    ("= 16", "= 16.5", r"\[config\] InstallationCurrentMax is to be a whole number"),
    ("= 16", "= {a = 1}", "is to be a whole number"),
    ("= 16", "= 2020-01-01", "is to be a whole number"),
    ("= 16", "= 16\ninstallationcurrentmax = 17", "installationcurrentmax stands twice"),
    ("Installation", 'OcppKey = "very secret key"\nInstallation', "OcppKey does not belong here"),
    ("Installation", 'wifipassword = "very secret"\nInstallation', "wifipassword does not belong"),
    ("Installation", "StorageLost = false\nInstallation", "somebody who has seen the box"),
])
def test_site_when_a_value_is_wrong_then_names_the_key_and_no_secret(site, old, new, text):
    """One sentence, not too long, which holds nothing of what is secret in the file."""
    assert old in SITE
    site.write_text(SITE.replace(old, new))
    with pytest.raises(SiteError, match=r"site\.toml: .*" + text) as caught:
        Site(site)
    told = str(caught.value)
    assert "secret" not in told.replace("--secrets", "")
    assert len(told) < 400 + len(str(site))


def test_site_when_it_is_no_utf8_then_says_so(site):
    """Saved by an editor of old; a mark at the beginning does no harm."""
    site.write_bytes(SITE.replace("chargers", "chärgers").encode("latin-1"))
    with pytest.raises(SiteError, match="no UTF-8 text: save it as that"):
        Site(site)
    site.write_bytes(b"\xef\xbb\xbf" + SITE.encode())
    assert Site(site).ssid == "chargers"


def test_site_when_the_ca_file_holds_more_then_only_certificates_go_to_boards(site):
    """Remarks in any script are dropped, and above all a private key."""
    pem = Authority().pem.decode()
    (site.parent / "ca.pem").write_text(
        "# Größe\n-----BEGIN PRIVATE KEY-----\nvery secret\n-----END PRIVATE KEY-----\n" + pem,
        encoding="utf-8")
    site.write_text(SITE.replace("[config]", 'ca_file = "ca.pem"\n[config]'))
    assert Site(site).ca.strip() == pem.strip()
    (site.parent / "ca.pem").write_text(pem * 20)
    with pytest.raises(SiteError, match="KB of certificates, a board has room for 8: leave only"):
        Site(site)
