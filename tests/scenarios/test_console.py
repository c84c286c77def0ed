"""The console's commands on a whole charger: what they say, what they change, what they keep."""

import json

from firmware.console import commands
from tests.sim.scenario import CARD, Scenario

_SECRETS = ("radio-secret", "csms-secret")
_NAMES = [row.split("|")[0] for row in commands.TABLE.strip().split("\n")]


class Talk(Scenario):
    """A charger with a person at its console."""

    def say(self, *lines):
        """Type lines; returns the lines of the last answer."""
        answer = []
        for line in lines:
            answer = self.plant.do("console", line=line)["lines"]
        return answer

    def text(self, *lines):
        """The same, as one text."""
        return "\n".join(self.say(*lines))

    def data(self, line):
        """Type a line for tools; returns the object."""
        answer = self.say(line + " --json")
        self.assertEqual(len(answer), 1)
        return json.loads(answer[0])

    def assert_refused(self, line, *words):
        """The line is an error that has all of `words` in it, and nothing has changed."""
        before = self.say("config get")
        answer = self.say(line)
        self.assertEqual(len(answer), 1)
        self.assertTrue(answer[0].startswith("error: "))
        for word in words:
            self.assertIn(word, answer[0])
        self.assertEqual(self.say("config get"), before)


class CommandTest(Talk):
    def test_help_then_teaches_every_command_with_an_example(self):
        # The table and what can be carried out are the same; every example begins with its name.
        self.begin()
        self.assertEqual(sorted(_NAMES), sorted(commands._HANDLERS))
        self.assertEqual([line.split()[0] for line in self.say("help")], _NAMES)
        for name in _NAMES:
            self.assertTrue(self.say("help " + name)[-1].startswith("example: " + name))

    def test_every_command_when_for_tools_then_one_object(self):
        # What needs no argument answers ok; what is incomplete answers why.
        self.begin()
        for name in _NAMES:
            answer = self.data(name)
            self.assertIs(answer["ok"], name not in ("config", "factory-reset", "meter"))
        answer = self.data("nonsense")
        self.assertIs(answer["ok"], False)
        self.assertIn("no command nonsense", answer["error"])

    def test_unknown_command_then_the_nearest_is_named(self):
        # A slip of the finger costs no look at the manual.
        self.begin()
        self.assert_refused("stauts", "did you mean status?", "`help`")
        self.assert_refused("config gte", "did you mean get?")
        self.assert_refused("xyzzy", "no command xyzzy;")
        self.assert_refused('wifi "half', '" is missing')
        self.assertEqual(self.say(""), [])

    def test_word_behind_a_command_that_takes_none_then_refused(self):
        # `reboot status` is a slip, and no reason to restart the box.
        self.begin()
        self.assert_refused("reboot status", "reboot stands alone")
        self.assertIsNone(self.plant.app.station.reset_wanted)
        self.assertIs(self.data("status")["ok"], True)

    def test_status_then_tells_the_session(self):
        # The same facts for a person and for a tool.
        self.begin()
        self.charge()
        connector = self.data("status")["connector 1"]
        self.assertEqual(connector["status"], "Charging")
        self.assertEqual((connector["contactor"], connector["limit_ma"]), (True, 32000))
        self.assertEqual(connector["transaction"], 101)
        self.assertIn("status Charging, pilot C2, contactor yes", self.text("status"))

    def test_why_then_the_reasons_of_the_connector(self):
        # One source: what the simulator's state says, too.
        plant = self.begin()
        self.assertEqual(self.data("why")["connector 1"], plant.state()["why"])
        self.charge()
        self.assertEqual(self.data("why")["connector 1"], ["nothing"])

    def test_card_when_learned_then_shown_and_no_session(self):
        # A card that is learned neither starts nor stops.
        plant = self.begin()
        plant.do("plug")
        plant.run(1000)
        self.say("card learn")
        plant.do("card", id=CARD)
        plant.run(2000)
        self.assertEqual(self.data("card")["card"], CARD)
        self.assertEqual(plant.status(), "Preparing")
        plant.do("card", id=CARD)
        self.wait("Charging")

    def test_card_when_a_format_is_set_then_the_id_token_has_it(self):
        # Readers of one fleet tell the same card in other ways: byte order, length, case.
        plant = self.begin()
        for text, token in (
            ("reversed", "C3B2A104"), ("3", "A1B2C3"), ("lower", "04a1b2c3"),
            ("lower 6 reversed", "0000c3b2a104"), ('""', "04A1B2C3"),
        ):  # fmt: skip
            self.say("config set CardIdFormat " + text, "card learn")
            plant.do("card", id="04A1B2C3")
            plant.run(3000)
            self.assertEqual(self.data("card")["card"], token)
        self.assert_refused("config set CardIdFormat upper", "takes: reversed lower 1 2")
        self.assert_refused("config set BlockingWhileClosed never", "takes: pause|defer|allow")
        self.assert_refused("config set CardIdFormat 11")
        self.say("config set CardIdFormat reversed")
        self.charge("04A1B2C3")
        self.assertEqual(plant.csms.books()[0][1], "C3B2A104")

    def test_card_when_nobody_comes_then_cards_mean_sessions_again(self):
        # The learning ends after half a minute.
        plant = self.begin()
        plant.do("plug")
        self.say("card learn")
        plant.run(30_000)
        plant.do("card", id=CARD)
        self.wait("Charging")
        self.assertIsNone(self.data("card")["card"])

    def test_time_then_utc_once_the_central_system_told(self):
        # Unknown is not a time.
        plant = self.begin(connected=False)
        self.assertIsNone(self.data("time")["utc"])
        plant.connected = True
        self.assert_online_again()
        self.assertIn("20", self.data("time")["utc"])

    def test_log_then_the_story(self):
        # Oldest first.
        self.begin()
        self.charge()
        self.assertIn("I station: connector 1 is Charging", self.say("log"))

    def test_update_then_says_that_it_is_not_built(self):
        # And how it is done today.
        self.begin()
        self.assertIn("not built", self.text("update"))
        self.assertIn("make deploy", self.text("update"))
        self.assertIn("while no EV charges", self.text("update"))

    def test_reboot_in_a_session_then_it_ends_with_the_reason(self):
        # OCPP 1.6 7.35: Reboot is a restart that was asked for here.
        plant = self.begin()
        self.charge(run_ms=20_000)
        self.say("reboot")
        plant.run_until(lambda: len(plant.seen("boot")) == 2)
        self.assert_online_again()
        self.settle()
        self.assertEqual(plant.csms.books()[0][3], "Reboot")


class ConfigTest(Talk):
    def test_set_then_in_force_and_kept(self):
        # In any spelling, with what was before.
        plant = self.begin()
        answer = self.say("config set connectiontimeout 33")
        self.assertEqual(answer, ["ConnectionTimeOut: 60 -> 33"])
        self.assertEqual(self.say("config set ConnectionTimeOut 33"), ["nothing to change"])
        plant.power_cycle()
        self.assertEqual(self.data("config get ConnectionTimeOut")["ConnectionTimeOut"], "33")

    def test_set_when_the_value_is_bad_then_told_what_is_good(self):
        # One sentence, with the remedy.
        self.begin()
        self.assert_refused("config set ConnectionTimeOut soon", "whole number from 0 to 500000")
        self.assert_refused("config set LocalPreAuthorize 1", "must be true or false")
        self.assert_refused("config set NumberOfConnectors 2", "can only be read")
        self.assert_refused("config set MeterValuesSampledData Mood", "must list")
        self.assert_refused("config set WifiSsid " + 33 * "x", "0 to 32 characters")
        self.assert_refused("config set ConectionTimeOut 5", "did you mean ConnectionTimeOut?")
        self.assert_refused("config get heartbeat", "did you mean HeartbeatInterval?")
        self.assert_refused("config set ConnectionTimeOut", "help config")

    def test_reset_then_the_default(self):
        # Of both registries.
        self.begin()
        self.say("config set LocalPreAuthorize true", "config set WifiSsid My net")
        self.assertEqual(self.say("config reset LocalPreAuthorize"),
                         ["LocalPreAuthorize: true -> false"])
        self.assertEqual(self.say("config reset WifiSsid"), ["WifiSsid: My net -> "])

    def test_set_when_quoted_empty_then_empty(self):
        # A list can be emptied on purpose.
        plant = self.begin()
        self.say('config set MeterValuesSampledData ""')
        self.assertEqual(plant.app.config.get("MeterValuesSampledData"), "")

    def test_import_when_dry_then_tells_and_changes_nothing(self):
        # And the console is free again.
        plant = self.begin()
        answer = self.say("config import --dry-run", "ConnectionTimeOut = 33", "end")
        self.assertEqual(answer, ["ConnectionTimeOut: 60 -> 33", "dry run: nothing is changed"])
        self.assertEqual(plant.app.config.get("ConnectionTimeOut"), 60)
        self.assertIn("connector 1", self.text("status"))

    def test_import_when_one_line_is_wrong_then_nothing_is_changed(self):
        # All mistakes are told at once.
        plant = self.begin()
        answer = self.say(
            "config import", "ConnectionTimeOut = 33", "# a remark", "", "nonsense", "Foo = 1",
            "LocalPreAuthorize = perhaps", "StorageLost = false", "end",
        )  # fmt: skip
        self.assertEqual(len(answer), 1)
        for text in ("line 4", "no key Foo", "LocalPreAuthorize must be", "StorageLost: only",
                     "nothing is changed"):
            self.assertIn(text, answer[0])
        self.assertEqual(plant.app.config.get("ConnectionTimeOut"), 60)

    def test_import_when_aborted_then_nothing_is_changed(self):
        # `abort` instead of `end`.
        plant = self.begin()
        self.say("config import", "ConnectionTimeOut = 33")
        self.assertEqual(self.say("abort"), ["nothing is changed"])
        self.assertEqual(plant.app.config.get("ConnectionTimeOut"), 60)

    def test_export_then_what_import_takes_and_calls_unchanged(self):
        # With the mask in the place of secrets.
        self.begin()
        self.say("wifi Net radio-secret", "config set ConnectionTimeOut 33")
        exported = self.say("config export")
        self.assertIn("ConnectionTimeOut = 33", exported)
        self.assertIn("WifiPassword = ********", exported)
        self.assertEqual(self.say("config import", *exported + ["end"]), ["nothing to change"])
        self.assertEqual(self.plant.app.access.config.get("WifiPassword"), "radio-secret")

    def test_secrets_then_in_no_answer_of_any_command(self):
        # Nor in the log, nor in the trace.
        plant = self.begin()
        answers = self.say("wifi Net radio-secret")
        answers += self.say("ocpp url ws://x id B profile 1 key csms-secret")
        lines = _NAMES + ["config get", "config export", "config get OcppKey", "help config",
                          "config set OcppKey csms-secret", "config set WifiPassword " + 64 * "s"]
        for line in lines:
            if line != "reboot":
                answers += self.say(line) + self.say(line + " --json")
        told = "\n".join(answers) + json.dumps(plant.events)
        for secret in _SECRETS:
            self.assertNotIn(secret, told)
        self.assertIn("OcppKey = ********", told)

    def test_factory_reset_then_confirmed_and_only_at_rest(self):
        # It says what is lost; a transaction is never lost.
        self.begin()
        self.assert_refused("factory-reset", "factory-reset yes")
        self.charge()
        self.assert_refused("factory-reset yes", "transaction")

    def test_factory_reset_then_settings_gone_bills_kept_and_no_charging(self):
        # What was not delivered is delivered after; the installer's limits have to be set again.
        plant = self.begin(settings=(("AllowOfflineTxForUnknownId", "true"),))
        plant.connected = False
        plant.run(1000)
        self.charge()
        plant.do("card", id=CARD)
        plant.run_until(lambda: plant.app.station.at_rest)
        self.say("config set ContactorWelded 0", "config set ConnectionTimeOut 33",
                 "wifi Net radio-secret", "factory-reset yes")
        plant.run_until(lambda: len(plant.seen("boot")) == 2)
        plant.connected = True
        self.assert_online_again()
        self.settle()
        self.assertEqual(len(plant.csms.books()), 1)
        self.assertEqual(plant.app.config.get("ConnectionTimeOut"), 60)
        self.assertEqual(self.data("wifi")["WifiSsid"], "")
        self.assertEqual(plant.status(), "Faulted")
        self.say("config set StorageLost false")
        plant.run(1000)
        self.assertEqual(plant.state()["faults"], [])


class DoctorTest(Talk):
    def check(self, name):
        """Return the row of one check."""
        rows = [row for row in self.data("doctor")["checks"] if row["name"] == name]
        self.assertEqual(len(rows), 1)
        return rows[0]

    def verdicts(self):
        """Return the verdicts that are not ok."""
        return {row["name"]: row["verdict"] for row in self.data("doctor")["checks"]
                if row["verdict"] != "ok"}

    def test_doctor_when_all_is_well_then_all_ok(self):
        # Idle and online.
        self.begin()
        self.assertEqual(self.verdicts(), {})
        self.assertIn("margin 1572 mV", self.check("pilot 1")["figure"])

    def test_doctor_when_it_charges_then_the_diode_has_a_margin(self):
        # Under PWM there is a low half; the calibration needs the plug out.
        self.begin()
        self.charge()
        self.assertIn("margin 1772 mV", self.check("diode 1")["figure"])
        self.assertEqual(self.verdicts(), {"calibration 1": "warn"})

    def test_doctor_when_something_is_broken_then_names_it_with_a_remedy(self):
        # Each fault that the simulator knows and the report has a line for.
        for name, check in (
            ("cp_short", "pilot 1"), ("rcd_trip", "rcd 1"), ("reader_silent", "reader"),
            ("meter_silent", "meter 1"), ("contactor_welded", "contactor 1"),
        ):  # fmt: skip
            plant = self.begin()
            if name == "contactor_welded":
                self.charge()
            plant.do("fault", name=name)
            if name == "contactor_welded":
                plant.do("card", id=CARD)
            plant.run(20_000)
            row = self.check(check)
            self.assertEqual((name, row["verdict"]), (name, "FAIL"))
            self.assertNotEqual(row["remedy"], "")
            plant.close()

    def test_doctor_when_the_diode_is_missing_then_fails_with_the_level(self):
        # What is plugged in is no car.
        plant = self.begin()
        plant.do("fault", name="diode")
        self.plug_in()
        self.wait("Faulted")
        self.assertEqual(self.check("diode 1")["verdict"], "FAIL")

    def test_doctor_when_settings_are_lost_then_fails(self):
        # With what to do about it.
        self.begin()
        self.say("config set StorageLost true")
        self.assertEqual(self.check("flash")["verdict"], "FAIL")
        self.assertIn("InstallationCurrentMax", self.check("flash")["remedy"])
