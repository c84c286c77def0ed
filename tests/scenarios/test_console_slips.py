"""Slips at the console: values stay whole, secrets unseen, and what somebody has to look at stays.
"""

import json
import unittest

from tests.sim.scenario import Scenario

_STATES = ("ContactorWelded", "RcdTripped", "StorageLost")


class SlipTest(Scenario):
    def say(self, *lines):
        """Type lines; returns the lines of the last answer."""
        answer = []
        for line in lines:
            answer = self.plant.do("console", line=line)["lines"]
        return answer

    def own(self, name):
        """Return a setting of the connection as it is in force, secrets too."""
        return self.plant.app.access.config.get(name)

    def test_value_when_it_holds_the_word_json_then_kept_whole(self):
        # Only at the end of a line it asks for JSON: a key that loses a part locks the box out.
        self.begin()
        self.assertEqual(self.say("config set OcppKey secret--json"), ["OcppKey: is changed"])
        self.assertEqual(self.own("OcppKey"), "secret--json")
        self.assertEqual(self.say('wifi "my --json net"'), ["WifiSsid:  -> my --json net"])
        self.assertEqual(self.own("WifiSsid"), "my --json net")
        answer = self.say("config set WifiSsid net --json")
        self.assertEqual(json.loads(answer[0]), {"ok": True, "lines": [
            "WifiSsid: my --json net -> net"]})

    def test_set_when_words_follow_the_quotes_then_refused(self):
        # Half a value is none: a key with quotes in it is told, not cut.
        self.begin()
        for line in ('config set OcppKey se"cr"et', 'config set WifiSsid "my" net'):
            self.assertIn("not so; see `help config`", self.say(line)[0])
        self.assertEqual((self.own("OcppKey"), self.own("WifiSsid")), ("", ""))
        self.say('config set WifiSsid "my net"')
        self.assertEqual(self.own("WifiSsid"), "my net")

    def test_secret_when_glued_to_its_name_then_in_no_answer(self):
        # An import that was pasted without `config import`.
        self.begin()
        for line in ("OcppKey=geheim", "WifiPassword=geheim", "config get OcppKey=geheim",
                     "config reset OcppKey=geheim", "config set OcppKey=geheim"):
            for end in ("", " --json"):
                answer = self.say(line + end)
                self.assertEqual(len(answer), 1)
                self.assertNotIn("geheim", answer[0])

    def test_command_when_the_flash_is_full_then_a_tool_gets_json_too(self):
        # And nothing has changed.
        plant = self.begin()
        with plant.app.board.fs.open("/fill", "wb") as file:
            try:
                while True:
                    file.write(bytes(4096))
                    file.flush()
            except OSError:
                pass
        line = "ocpp url ws://" + 380 * "x" + " id BOX profile 1 key " + 100 * "k"
        self.assertIn("error: it failed", self.say(line)[0])
        answer = json.loads(self.say(line + " --json")[0])
        self.assertIs(answer["ok"], False)
        self.assertIn("it failed", answer["error"])
        self.assertEqual(self.own("OcppUrl"), "")

    def test_states_when_imported_in_any_spelling_then_refused(self):
        # Whoever imports has not seen the contacts.
        plant = self.begin()
        for name in _STATES:
            plant.app.config.set(name, "true" if name == "StorageLost" else "1")
        exported = self.say("config export")
        for name in _STATES:
            self.assertNotIn(name, "\n".join(exported))
            value = "false" if name == "StorageLost" else "0"
            for spelled in (name, name.lower()):
                answer = self.say("config import", spelled + " = " + value, "end")
                self.assertIn(spelled + ": only by `config set`", answer[0])
            self.assertTrue(plant.app.config.get(name))

    def test_import_when_it_does_not_end_then_no_heap_is_eaten(self):
        # The wrong file, pasted: its mistakes are not collected for ever.
        self.begin()
        self.say("config import", "ConnectionTimeOut = 33")
        for _ in range(1000):
            self.assertEqual(self.say("this is a log of something else"), [])
        answer = self.say("end")[0]
        self.assertIn("more than 120 lines", answer)
        self.assertTrue(len(answer) < 5000)
        # Nor is a line dropped without a word.
        self.say("config import", *121 * ["# remark"] + ["ConnectionTimeOut = 33"])
        self.assertIn("more than 120 lines", self.say("end")[0])
        self.assertIn("60", self.say("config get ConnectionTimeOut")[0])

    def test_factory_reset_when_a_trial_runs_then_nothing_of_it_is_kept(self):
        # The central system answers while the box waits for its restart: no secret comes back.
        plant = self.begin()
        self.say("ocpp url ws://a/ocpp id BOX profile 1 key geheim")
        plant.run_until(lambda: not plant.app.access.trial.running)
        plant.do("plug")
        plant.run(1000)
        plant.app.config.set("RcdTripped", "1")
        self.say('wifi Net "sehr geheim"', "factory-reset yes")
        plant.run_until(lambda: len(plant.seen("boot")) == 2, 60_000)
        self.assertEqual([self.own(name) for name in ("OcppUrl", "OcppKey", "WifiPassword")],
                         ["", "", ""])
        self.assertEqual(plant.app.config.get("RcdTripped"), 1)


if __name__ == "__main__":
    unittest.main()
