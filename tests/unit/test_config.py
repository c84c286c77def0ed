"""Configuration keys: types, validation, access, persistence, and the Core profile's table."""

import unittest

from firmware.config import Config
from firmware.ocpp import config_keys
from tests.sim.ram_store import RamStore

_SAMPLED = "MeterValuesSampledData"
_SECRETS = (("AuthorizationKey", "text", "w", "", None), ("Later", "int", "rw!", 1, 0, 9))


def _config(store, connectors=1, tethered=True):
    board = config_keys.board_keys(connectors, config_keys.MEASURANDS, "Core", tethered)
    config = Config(store, config_keys.CORE + (board, _SECRETS))
    config.load()
    return config


class ConfigTest(unittest.TestCase):
    def setUp(self):
        self.store = RamStore()
        self.config = _config(self.store)

    def _refuses(self, name, texts):
        before = self.config.text(name)
        for text in texts:
            self.assertEqual(self.config.set(name, text), "Rejected", text)
            self.assertEqual(self.config.text(name), before)
        self.assertEqual(self.store.writes, 0)

    def _accepts(self, name, text, reported):
        self.assertEqual(self.config.set(name, text), "Accepted", text)
        self.assertEqual(self.config.text(name), reported)

    def test_get_without_a_stored_value_gives_the_default(self):
        # Types are those of the firmware, not texts.
        self.assertEqual(self.config.get("ConnectionTimeOut"), 60)
        self.assertIs(self.config.get("LocalPreAuthorize"), False)
        self.assertEqual(self.config.get("StopTxnSampledData"), "")

    def test_get_of_a_key_that_the_build_lacks_gives_the_callers_default(self):
        # Profiles that are not loaded leave no key behind.
        self.assertIsNone(self.config.get("LocalAuthListEnabled"))
        self.assertEqual(self.config.get("LocalAuthListEnabled", False), False)

    def test_set_then_load_again_gives_the_new_value(self):
        # A reboot reads back what was accepted.
        self._accepts("MeterValueSampleInterval", "10", "10")
        self._accepts("LocalPreAuthorize", "TRUE", "true")
        self._accepts(_SAMPLED, "Voltage", "Voltage")
        again = _config(self.store)
        self.assertEqual(again.get("MeterValueSampleInterval"), 10)
        self.assertIs(again.get("LocalPreAuthorize"), True)
        self.assertEqual(again.get(_SAMPLED), "Voltage")

    def test_set_in_other_spelling_reaches_the_canonical_key(self):
        # OCPP 1.6 7.29: keys are case-insensitive.
        self._accepts("metervaluesampleinterval", "7", "7")
        self.assertEqual(self.config.get("MeterValueSampleInterval"), 7)
        self.assertEqual(self.config.describe("CONNECTIONTIMEOUT")[0], "ConnectionTimeOut")

    def test_set_of_an_unknown_key_is_not_supported(self):
        # TC_040_1: NotSupported, and nothing is written.
        self.assertEqual(self.config.set("Testing", "true"), "NotSupported")
        self.assertEqual(self.store.writes, 0)

    def test_set_of_a_read_only_key_is_rejected(self):
        # Known but not writable is Rejected, not NotSupported.
        self._refuses("NumberOfConnectors", ("1", "2"))
        self._refuses("UnlockConnectorOnEVSideDisconnect", ("true", "false"))

    def test_set_of_an_integer_takes_digits_in_range_only(self):
        # TC_040_2: -1 is refused; so are signs, blanks, decimals and too many digits.
        for bad in ("-1", "+1", "1.0", "", " 1", "1 ", "0x10", "1e2", "1_0", "500001", "\u0661"):
            self._refuses("MeterValueSampleInterval", (bad, bad * 40))
        self._refuses("HeartbeatInterval", ("0",))

    def test_set_of_an_integer_normalises_leading_zeros(self):
        # What is reported is a plain number.
        self._accepts("ConnectionTimeOut", "0060", "60")
        self._accepts("ConnectionTimeOut", "0", "0")

    def test_set_of_a_boolean_takes_both_words_in_any_case(self):
        # Reported in lower case, as central systems differ.
        self._refuses("LocalPreAuthorize", ("1", "0", "yes", "", "true ", "TRUE,"))
        self._accepts("LocalPreAuthorize", "True", "true")
        self._accepts("LocalPreAuthorize", "FALSE", "false")

    def test_set_of_a_list_trims_blanks_around_commas(self):
        # Some central systems write a blank behind each comma.
        self._accepts(_SAMPLED, " Voltage , Current.Import.L2", "Voltage,Current.Import.L2")
        self._accepts(_SAMPLED, "", "")

    def test_set_of_a_list_with_one_unsupported_measurand_changes_nothing(self):
        # OCPP 1.6 5.3: no partial acceptance.
        self._refuses(_SAMPLED, ("Voltage,SoC", "voltage", "Voltage,", ",", "Voltage,,Frequency"))
        self._refuses(_SAMPLED, ("Voltage.L4", "Frequency.L1", "Voltage,Voltage", "Voltage.N"))

    def test_set_of_a_list_of_all_that_can_be_asked_for_is_accepted(self):
        # The ...MaxLength keys announce no less.
        names = ("Voltage", "Power.Factor", "Frequency")
        items = ["%s.L%d" % (name, phase) for name in names[:2] for phase in (1, 2, 3)]
        text = ",".join(items + list(names))
        self.assertTrue(int(self.config.text(_SAMPLED + "MaxLength")) >= 20)
        self._accepts(_SAMPLED, text, text)

    def test_set_of_a_phase_rotation_checks_connector_and_value(self):
        # A bare value is taken where it leaves no doubt.
        bad = ("2.RST", "1.ABC", "0.RST,1.RST,1.RST", "01.RST", ".RST")
        self._refuses("ConnectorPhaseRotation", bad)
        self._accepts("ConnectorPhaseRotation", "0.RST, 1.RTS", "0.RST,1.RTS")
        self._accepts("ConnectorPhaseRotation", "NotApplicable", "NotApplicable")
        two = _config(RamStore(), 2)
        self.assertEqual(two.text("ConnectorPhaseRotation"), "0.RST,1.RST,2.RST")
        self.assertEqual(two.set("ConnectorPhaseRotation", "RST,RST"), "Rejected")
        self.assertEqual(two.set("ConnectorPhaseRotation", "RST"), "Accepted")
        self.assertEqual(two.set("ConnectorPhaseRotation", "2.TSR"), "Accepted")

    def test_set_of_a_value_above_500_characters_is_rejected(self):
        # ChangeConfiguration.req: CiString500.
        self._refuses("AuthorizationKey", ("a" * 501,))

    def test_set_when_flash_is_full_is_rejected_and_changes_nothing(self):
        # Accepted means: on flash.
        self.store.full = True
        self._refuses("ConnectionTimeOut", ("30",))
        self.assertEqual(self.config.get("ConnectionTimeOut"), 60)

    def test_set_of_the_value_that_is_there_writes_nothing(self):
        # The interval of every BootNotification.conf comes this way.
        self._accepts("HeartbeatInterval", "3600", "3600")
        self.assertEqual(self.store.writes, 0)

    def test_set_of_a_reboot_key_says_so(self):
        # RebootRequired is a property of the key.
        self.assertEqual(self.config.set("Later", "2"), "RebootRequired")
        self.assertEqual(self.config.set("Later", "10"), "Rejected")
        self.assertEqual(_config(self.store).get("Later"), 2)

    def test_write_only_key_is_never_reported(self):
        # A password goes in and does not come out.
        self.assertEqual(self.config.set("AuthorizationKey", "secret"), "Accepted")
        self.assertIsNone(self.config.text("AuthorizationKey"))
        described = self.config.describe("AuthorizationKey")
        self.assertEqual(described, ("AuthorizationKey", False, None))
        self.assertEqual(self.config.get("AuthorizationKey"), "secret")

    def test_load_of_an_unacceptable_value_falls_back_to_the_default(self):
        # An older firmware or a damaged record must not stop the boot.
        self.store.records = {"ConnectionTimeOut": b"-5", "LocalPreAuthorize": b"\xff\xfe"}
        config = _config(self.store)
        self.assertEqual(config.get("ConnectionTimeOut"), 60)
        self.assertIs(config.get("LocalPreAuthorize"), False)
        self.assertEqual(config.invalid, 2)

    def test_load_ignores_a_stored_value_of_a_read_only_key(self):
        # What the build is cannot be overridden from flash.
        self.store.records = {"NumberOfConnectors": b"7"}
        self.assertEqual(_config(self.store).get("NumberOfConnectors"), 1)

    def test_reset_returns_to_the_default_for_good(self):
        # Console command `config reset`.
        self.config.set("ConnectionTimeOut", "5")
        self.assertTrue(self.config.reset("connectiontimeout"))
        self.assertEqual(self.config.get("ConnectionTimeOut"), 60)
        self.assertEqual(_config(self.store).get("ConnectionTimeOut"), 60)
        self.assertFalse(self.config.reset("Nothing"))


class CoreKeysTest(unittest.TestCase):
    def setUp(self):
        self.config = _config(RamStore())

    def test_tc_019_cs_all_required_keys_have_their_access(self):
        # The list that the certification tool checks, Core profile.
        writable = (
            "AuthorizeRemoteTxRequests ClockAlignedDataInterval ConnectionTimeOut "
            "ConnectorPhaseRotation HeartbeatInterval LocalAuthorizeOffline LocalPreAuthorize "
            "MeterValuesAlignedData MeterValuesSampledData MeterValueSampleInterval ResetRetries "
            "StopTransactionOnInvalidId StopTxnAlignedData StopTxnSampledData "
            "TransactionMessageAttempts TransactionMessageRetryInterval"
        )
        for name in writable.split():
            self.assertIs(self.config.readonly(name), False, name)
        for name in ("GetConfigurationMaxKeys", "NumberOfConnectors", "SupportedFeatureProfiles"):
            self.assertIs(self.config.readonly(name), True, name)
        self.assertIn("UnlockConnectorOnEVSideDisconnect", [row[0] for row in self.config.page()])

    def test_every_default_passes_its_own_check(self):
        # Writing back what was read must be accepted.
        for name, readonly, text in self.config.page():
            if not readonly and text is not None and name != "Later":
                self.assertEqual(self.config.set(name, text), "Accepted", name)

    def test_max_keys_covers_all_keys(self):
        # A central system may ask for all of them by name, and 45 at least.
        most = self.config.get("GetConfigurationMaxKeys")
        self.assertTrue(most >= len([row[0] for row in self.config.page()]))
        self.assertTrue(most >= 45)

    def test_names_appear_once(self):
        # The same key in two tables would have two values.
        names = [row[0] for row in self.config.page()]
        self.assertEqual(len(names), len(set(names)))

    def test_unlock_key_is_writable_with_a_socket_only(self):
        # A tethered cable has nothing to unlock.
        name = "UnlockConnectorOnEVSideDisconnect"
        self.assertTrue(self.config.readonly(name))
        self.assertFalse(_config(RamStore(), tethered=False).readonly(name))

    def test_measurand_splits_the_phase_off(self):
        # "Current.Import" itself has dots, too.
        self.assertEqual(config_keys.measurand("Voltage.L2"), ("Voltage", 1))
        self.assertEqual(config_keys.measurand("Current.Import"), ("Current.Import", None))
        self.assertEqual(config_keys.measurand("Frequency.L1"), ("Frequency.L1", None))
