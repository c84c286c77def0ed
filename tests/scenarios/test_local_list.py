"""The local list on the whole charger: versions, who is let in, conflicts, long frames."""

import json

from firmware import profiles
from tests.sim.plant import PowerCut
from tests.sim.scenario import CARD, OTHER, Scenario

_PRE = (("LocalPreAuthorize", "true"), ("AuthorizationCacheEnabled", "false"))


def entry(id_tag, status="Accepted", **info):
    """Return an AuthorizationData."""
    info["status"] = status
    return {"idTag": id_tag, "idTagInfo": info}


class ListScenario(Scenario):
    """What these tests share."""

    def send(self, version, entries=None, full=True):
        """Send a list; returns the status, once it is there."""
        payload = {"listVersion": version, "updateType": "Full" if full else "Differential"}
        if entries is not None:
            payload["localAuthorizationList"] = entries
        return self.plant.call("SendLocalList", payload)["status"]

    def version(self):
        """Return what GetLocalListVersion answers."""
        return self.plant.call("GetLocalListVersion", {})["listVersion"]

    def set(self, key, value):
        """Change a key from afar."""
        answer = self.plant.call("ChangeConfiguration", {"key": key, "value": value})
        self.assertEqual(answer["status"], "Accepted")

    def asked(self):
        """How often was the central system asked about a card?"""
        return self.plant.csms.actions().count("Authorize")


class VersionTest(ListScenario):
    def test_tc_042_1_cs_switched_off_is_version_minus_1(self):
        # Whatever is stored; a list is not taken then.
        self.begin()
        self.send(3, [entry(CARD)])
        self.set("LocalAuthListEnabled", "false")
        self.assertEqual(self.version(), -1)
        self.assertEqual(self.send(4, []), "NotSupported")
        self.set("LocalAuthListEnabled", "true")
        self.assertEqual(self.version(), 3)

    def test_tc_042_2_cs_empty_list_is_version_0(self):
        # Although version 1 was just accepted.
        self.begin()
        self.assertEqual(self.send(1), "Accepted")
        self.assertEqual(self.version(), 0)

    def test_tc_043_cs_full_then_differential_are_accepted(self):
        # Each is in force after a power cut.
        plant = self.begin()
        self.assertEqual(self.send(1, [entry(CARD)]), "Accepted")
        self.assertEqual(self.send(2, [entry(OTHER)], False), "Accepted")
        plant.power_cycle()
        self.assert_online_again()
        self.assertEqual(self.version(), 2)

    def test_tc_043_1_cs_profile_absent_is_not_supported(self):
        # Both messages get a CALLERROR; no key, not announced, nothing built.
        plant = self.begin(features=("RemoteTrigger",))
        self.assertIsNone(plant.call("GetLocalListVersion", {}))
        payload = {"listVersion": 1, "updateType": "Full"}
        self.assertIsNone(plant.call("SendLocalList", payload))
        self.assertIsNone(plant.app.config.text("LocalAuthListEnabled"))
        self.assertEqual(plant.app.config.text("SupportedFeatureProfiles"), "Core,RemoteTrigger")
        self.assertIsNone(plant.app.local_list)
        self.assertIsNone(profiles.collector(plant.app))

    def test_tc_043_2_cs_version_that_is_not_higher_is_a_mismatch(self):
        # Gaps are fine, lower and equal are not, and change nothing.
        self.begin()
        self.assertEqual(self.send(2, [entry(CARD)]), "Accepted")
        self.assertEqual(self.version(), 2)
        self.assertEqual(self.send(5, [entry(OTHER)], False), "Accepted")
        self.assertEqual(self.version(), 5)
        for version in (4, 5):
            self.assertEqual(self.send(version, [], False), "VersionMismatch")
        self.assertEqual(self.version(), 5)
        self.assertEqual(self.send(1, [entry(CARD)]), "Accepted")
        self.assertEqual(self.version(), 1)

    def test_tc_043_3_cs_what_cannot_be_stored_fails(self):
        # A tag twice, no idTagInfo in a full list, more than 400, versions that mean something.
        self.begin()
        self.send(1, [entry(CARD)])
        self.assertEqual(self.send(2, [entry(OTHER), entry(OTHER)]), "Failed")
        self.assertEqual(self.send(2, [{"idTag": OTHER}]), "Failed")
        many = [{"idTag": str(number)} for number in range(401)]
        self.assertEqual(self.send(2, many, False), "Failed")
        for version in (0, -1):
            self.assertEqual(self.send(version, [entry(OTHER)]), "Failed")
        self.assertEqual(self.version(), 1)

    def test_fields_of_an_early_schema_are_understood(self):
        # expiryDate and parentIdTag next to idTagInfo.
        plant = self.begin()
        wrong = entry(CARD)
        wrong["parentIdTag"] = "P"
        wrong["expiryDate"] = "2027-01-01T00:00:00Z"
        text = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [wrong]}
        plant.app.client.receive(plant.time.now, json.dumps([2, "old", "SendLocalList", text]))
        plant.run(1000)
        self.assertEqual(plant.app.local_list.find(CARD), ("Accepted", "P", 852_076_800))


class AuthorisationTest(ListScenario):
    def test_tc_008_cs_listed_tag_starts_without_authorize(self):
        # From afar with AuthorizeRemoteTxRequests, and by card.
        plant = self.begin(settings=_PRE + (("AuthorizeRemoteTxRequests", "true"),))
        self.send(1, [entry(CARD)])
        plant.do("plug")
        self.wait("Preparing")
        answer = plant.call("RemoteStartTransaction", {"connectorId": 1, "idTag": CARD})
        self.assertEqual(answer["status"], "Accepted")
        self.wait("Charging")
        plant.run(3000)
        self.finish()
        plant.do("unplug")
        self.wait("Available")
        self.charge()
        self.assertEqual(self.asked(), 0)

    def test_blocked_tag_is_asked_for_online_and_refused_offline(self):
        # Offline not even AllowOfflineTxForUnknownId lets it in: it is not unknown.
        plant = self.begin(settings=_PRE + (("AllowOfflineTxForUnknownId", "true"),))
        self.send(1, [entry(CARD, "Blocked"), entry(OTHER)])
        plant.do("plug")
        self.wait("Preparing")
        plant.connected = False
        plant.run(1000)
        plant.do("card", id=CARD)
        plant.run(3000)
        self.assertEqual(plant.status(), "Preparing")
        plant.connected = True
        self.assert_online_again()
        plant.csms.rejected = (CARD,)
        plant.do("card", id=CARD)
        plant.run(3000)
        self.assertEqual((plant.status(), self.asked()), ("Preparing", 1))

    def test_expired_entry_is_asked_for(self):
        # It was valid when it came.
        self.begin(settings=_PRE)
        self.send(1, [entry(CARD, expiryDate="2020-01-01T00:00:00Z")])
        self.charge()
        self.assertEqual(self.asked(), 1)

    def test_card_of_the_listed_parent_stops_without_authorize(self):
        # TC_069_CS with both parents in the list.
        plant = self.begin(settings=_PRE)
        info = {"status": "Accepted", "parentIdTag": "P"}
        plant.csms.answers["StartTransaction"] = {"transactionId": 101, "idTagInfo": info}
        plant.csms.answers["StopTransaction"] = {}
        self.send(1, [entry(CARD, parentIdTag="P"), entry(OTHER, parentIdTag="P")])
        self.charge()
        self.finish(OTHER)
        self.assertEqual(self.asked(), 0)

    def test_answer_against_the_list_is_reported_until_the_list_is_new(self):
        # On connector 0; a conflict is neither cached nor repeated.
        plant = self.begin(settings=(("StopTransactionOnInvalidId", "true"),))
        self.send(1, [entry(CARD, "Blocked")])
        self.charge()
        reports = [p for p in plant.csms.of("StatusNotification") if p["connectorId"] == 0]
        self.assertEqual(reports[-1]["errorCode"], "LocalListConflict")
        self.assertEqual(len(reports), 2)
        self.finish()
        self.assertEqual(self.send(2, [entry(CARD)]), "Accepted")
        plant.run(1000)
        reports = [p for p in plant.csms.of("StatusNotification") if p["connectorId"] == 0]
        self.assertEqual(reports[-1]["errorCode"], "NoError")


class LongFrameTest(ListScenario):
    def test_400_entries_are_taken_while_they_arrive(self):
        # 44 KB through the collector of the connection, in portions of a TCP segment.
        plant = self.begin(settings=_PRE)
        collector, limit = profiles.collector(plant.app)
        self.assertTrue(limit > 100_000)
        self.assertEqual(self._stream(collector, "long", 400), "Accepted")
        self.assertEqual((self.version(), plant.app.local_list.count), (9, 400))
        info = plant.app.local_list.find("TAG000000000000399")
        self.assertEqual(info, ("Accepted", "PARENT", 946_684_800))
        self.assertEqual(self._stream(collector, "more", 401), "Failed")
        self.assertEqual(self._stream(collector, "same", 400, "TAG%015d"), "Accepted")
        self.assertEqual(plant.app.local_list.count, 400)

    def test_entries_of_a_refused_call_are_never_used(self):
        # The long one lacks its version: a CALLERROR. A short one with no entries empties.
        plant = self.begin(settings=_PRE)
        collector, _ = profiles.collector(plant.app)
        self.assertIsNone(self._stream(collector, "bad", 60, tail="}]"))
        self.assertEqual(self.send(3, []), "Accepted")
        self.assertEqual(self.version(), 0)

    def test_wrong_entry_in_a_long_frame_is_an_error_of_the_call(self):
        # The code and the path of the same entry in a short frame.
        plant = self.begin(settings=_PRE)
        collector, _ = profiles.collector(plant.app)
        self.assertIsNone(self._stream(collector, "bad", 60, "TAG%018d"))
        error = plant.csms._results["bad"]
        self.assertEqual(error[2], "PropertyConstraintViolation")
        self.assertTrue(error[3].startswith("localAuthorizationList[0].idTag: "))

    def test_connection_lost_in_the_middle_of_a_long_frame_leaves_the_old_list(self):
        # What had come is forgotten; the same frame is taken on the next connection.
        plant = self.begin(settings=_PRE)
        self.send(1, [entry(CARD)])
        collector, _ = profiles.collector(plant.app)
        self._feed(collector, '[2,"half","SendLocalList",{"localAuthorizationList":[')
        for number in range(200):
            self._feed(collector, '{"idTag":"T%d","idTagInfo":{"status":"Accepted"}},' % number)
        plant.connected = False
        plant.run(1000)
        plant.connected = True
        self.assert_online_again()
        self.assertEqual((self.version(), plant.app.local_list.count), (1, 1))
        self.assertIsNone(plant.app.local_list.find("T7"))
        collector, _ = profiles.collector(plant.app)
        self.assertEqual(self._stream(collector, "whole", 300), "Accepted")
        self.assertEqual((self.version(), plant.app.local_list.count), (9, 300))

    def test_power_cut_in_the_middle_of_an_update_leaves_the_old_list_or_the_new(self):
        # At some of its flash operations; all of them: tests/unit/test_local_list_cuts.py.
        plant = self.begin(settings=_PRE)
        seen = []
        for operation in range(1, 40, 3):
            self.assertEqual(self.send(1, [entry("A%d" % n) for n in range(40)]), "Accepted")
            plant.cut_after(operation, "half")
            try:
                plant.call("SendLocalList", {
                    "listVersion": 2, "updateType": "Full",
                    "localAuthorizationList": [entry("B%d" % n) for n in range(30)]})
                plant.run(2000)
            except PowerCut:
                pass
            plant.power_off()
            plant.power_on()
            self.assert_online_again()
            version = self.version()
            old, new = [[plant.app.local_list.find("%s%d" % (letter, n)) for n in range(30)]
                        for letter in "AB"]
            self.assertTrue(None not in (old if version == 1 else new), (operation, version))
            self.assertEqual([e for e in (new if version == 1 else old) if e], [])
            seen.append(version)
        self.assertEqual(sorted(set(seen)), [1, 2])

    def test_other_long_calls_are_refused_and_the_connection_stays(self):
        # DataTransfer of 20 KB; the next message is understood.
        plant = self.begin(settings=_PRE)
        collector, _ = profiles.collector(plant.app)
        text = json.dumps([2, "data", "DataTransfer", {"vendorId": "v", "data": "x" * 20_000}])
        self._feed(collector, text)
        text = None
        plant.app.client.receive(plant.time.now, collector.take())
        plant.run(100)
        self.assertEqual(plant.csms._results["data"][:2], [4, "data"])
        self.assertEqual(self.version(), 0)

    def _stream(self, collector, message_id, count, name="TAG%015d", tail=None):
        """Send a full list; returns its status."""
        plant = self.plant
        info = '"idTagInfo":{"status":"Accepted","expiryDate":"2029-12-31T00:00:00.000Z",'
        self._feed(collector, '[2,"%s","SendLocalList",{"localAuthorizationList":[' % message_id)
        for number in range(count):
            tag = name % (number * 7 % count)
            comma = "," if number else ""
            text = '%s{"idTag":"%s",%s"parentIdTag":"PARENT"}}' % (comma, tag, info)
            self._feed(collector, text)
        self._feed(collector, "]" + (tail or ',"listVersion":9,"updateType":"Full"}]'))
        plant.app.client.receive(plant.time.now, collector.take())
        plant.run(2000)
        return plant.csms.result(message_id) and plant.csms.result(message_id)["status"]

    def _feed(self, collector, text):
        collector.reserve(len(text))
        for start in range(0, len(text), 1000):
            collector.write(memoryview(text[start : start + 1000].encode()))
