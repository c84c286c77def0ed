"""Changes that can cut the box off: on trial, kept when somebody answers, reverted otherwise."""

import json

from tests.sim.plant import PowerCut
from tests.sim.scenario import Scenario

_NEW = "ocpp url ws://new/ocpp"


class Given:
    """What the board brings."""

    url = "ws://old/ocpp"
    identity = "BOX"
    password = "old-secret"
    ca = None
    profile = 1


class TrialTest(Scenario):
    def start(self, *reachable):
        """Begin with central systems at the addresses `reachable`."""
        self.plant = None
        self.reachable = ("ws://old/ocpp",) + reachable
        plant = self.begin(access=Given)
        plant.reaches = lambda access: access.url in self.reachable
        return plant

    def answer_boot(self, status):
        """Let the central system answer a BootNotification so."""
        self.plant.csms.answers["BootNotification"] = {
            "status": status, "currentTime": "2026-11-21T12:00:00Z", "interval": 5,
        }  # fmt: skip

    def say(self, line):
        """Type a line; returns the lines of the answer."""
        return self.plant.do("console", line=line)["lines"]

    def ocpp(self):
        """Return what `ocpp` says."""
        return json.loads(self.say("ocpp --json")[0])

    def test_wrong_address_then_reverts_by_itself_and_is_online_again(self):
        # After 120 s, not before; the box registers anew where it was.
        plant = self.start()
        boots = len(plant.csms.of("BootNotification"))
        answer = self.say(_NEW)
        self.assertIn("in 120 s", answer[-1])
        plant.run(119_000)
        self.assertFalse(plant.app.client.online)
        self.assertEqual(self.ocpp()["OcppUrl"], "ws://new/ocpp")
        plant.run(1_500)
        self.assertEqual(self.ocpp()["OcppUrl"], "ws://old/ocpp")
        self.assertIn("nobody answered", self.ocpp()["trial"])
        self.assert_online_again()
        self.assertEqual(len(plant.csms.of("BootNotification")), boots + 1)

    def test_right_address_then_kept_and_survives_a_power_cut(self):
        # Kept with the answer to the BootNotification, long before the time is over.
        plant = self.start("ws://new/ocpp")
        self.say(_NEW)
        plant.run(3000)
        self.assertIsNone(self.ocpp()["trial_s"])
        plant.power_cycle()
        plant.run(5000)
        self.assertEqual(plant.app.access.url, "ws://new/ocpp")
        self.assert_online_again()

    def test_pending_registration_then_kept(self):
        # The central system knows the box; its operator may need a day.
        plant = self.start("ws://new/ocpp")
        self.answer_boot("Pending")
        self.say(_NEW)
        plant.run(3000)
        self.assertIsNone(self.ocpp()["trial_s"])
        self.assertEqual(plant.app.access.url, "ws://new/ocpp")
        self.answer_boot("Accepted")
        self.assert_online_again()

    def test_rejected_registration_then_reverts(self):
        # An address that answers but does not want the box is a wrong address.
        plant = self.start("ws://new/ocpp")
        self.answer_boot("Rejected")
        self.say(_NEW)
        plant.run(119_000)
        self.assertIsNotNone(self.ocpp()["trial_s"])
        self.answer_boot("Accepted")
        self.reachable = ("ws://old/ocpp",)
        plant.run(3000)
        self.assertEqual(plant.app.access.url, "ws://old/ocpp")
        self.assert_online_again()

    def test_reboot_in_the_trial_then_reverts(self):
        # Whoever restarts the box because it is gone gets the old one back, and is told.
        plant = self.start()
        self.say(_NEW)
        plant.run(10_000)
        self.say("reboot")
        plant.run_until(lambda: len(plant.seen("boot")) == 2)
        plant.run(3000)
        self.assertEqual(plant.app.access.url, "ws://old/ocpp")
        self.assertIn("restart", self.ocpp()["trial"])
        self.assert_online_again()

    def test_power_cut_in_the_trial_then_reverts(self):
        # At any moment, also while the trial begins.
        cuts = 0
        for operation in range(1, 6):
            plant = self.start()
            plant.cut_after(operation, ("none", "half", "short")[operation % 3])
            try:
                self.say(_NEW)
                plant.run(30_000)
            except PowerCut:
                cuts += 1
            plant.power_off()
            plant.power_on()
            plant.run(3000)
            self.assertEqual(plant.app.access.url, "ws://old/ocpp")
            plant.close()
        self.assertTrue(cuts > 1)

    def test_link_that_comes_late_then_still_kept(self):
        # The network may need a while; the trial waits as long as it was told.
        plant = self.start("ws://new/ocpp")
        plant.connected = False
        self.say("config set TrialTime 600")
        self.say(_NEW)
        plant.run(500_000)
        plant.connected = True
        self.assert_online_again()
        self.assertIsNone(self.ocpp()["trial_s"])
        self.assertEqual(plant.app.access.url, "ws://new/ocpp")

    def test_keep_and_revert_by_hand_then_at_once(self):
        # Somebody on site knows better than a timer.
        plant = self.start()
        self.assertIn("nothing is on trial", self.say("ocpp keep")[0])
        self.say(_NEW)
        self.say("ocpp revert")
        self.assertEqual(plant.app.access.url, "ws://old/ocpp")
        self.say(_NEW)
        self.say("ocpp keep")
        plant.run(200_000)
        self.assertEqual(plant.app.access.url, "ws://new/ocpp")

    def test_wrong_key_or_network_then_revert_as_well(self):
        # Everything that can cut the box off.
        plant = self.start()
        for line in ("ocpp key new-secret", "wifi Elsewhere new-secret", "ocpp id OTHER",
                     "ocpp profile 0"):
            plant.reaches = lambda access: (
                access.password == "old-secret" and access.identity == "BOX"
                and not access.config.get("WifiSsid"))
            self.assertIn("on trial", self.say(line)[-1])
            plant.run(2000)
            self.assertFalse(plant.app.client.online)
            plant.run(118_500)
            self.assert_online_again()
            self.assertEqual(plant.app.access.password, "old-secret")

    def test_import_with_a_wrong_address_then_only_the_connection_reverts(self):
        # What cannot cut the box off stays.
        plant = self.start()
        for line in ("config import", "OcppUrl = ws://new/ocpp", "ConnectionTimeOut = 33", "end"):
            answer = self.say(line)
        self.assertIn("on trial", answer[-1])
        plant.run(122_000)
        self.assert_online_again()
        self.assertEqual(plant.app.config.get("ConnectionTimeOut"), 33)
        self.assertEqual(plant.app.access.url, "ws://old/ocpp")

    def test_address_in_a_transaction_then_refused(self):
        # Its end belongs to the central system that has its beginning; the network may change.
        plant = self.start()
        self.charge()
        self.assertIn("a transaction runs", self.say(_NEW)[0])
        self.assertEqual(plant.app.access.url, "ws://old/ocpp")
        self.say("wifi Net secret-of-net")
        self.finish()

    def test_settings_that_cannot_work_then_refused_with_the_reason(self):
        # Before anything is tried.
        plant = self.start()
        for line, text in (
            ("ocpp url http://x", "must begin with ws://"),
            ("ocpp url ws://u:p@x", "no user or password"),
            ("ocpp profile 2", "wss://"),
            ("ocpp profile 3", "not built"),
            ("ocpp profile 4", "from 0 to 3"),
            ("ocpp url wss://x profile 2", "certificate"),
            ("ocpp key \"\"", "needs a key"),
            ("ocpp id \"\"", "set the id"),
            ("ocpp urll ws://x", "did you mean url?"),
            ("ocpp url", "help ocpp"),
            ("wifi a b c", "help wifi"),
        ):
            answer = self.say(line)
            self.assertEqual((line, len(answer)), (line, 1))
            self.assertIn(text, answer[0])
            self.assertFalse(plant.app.access.trial.running)
