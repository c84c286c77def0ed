"""Reservations on the whole charger: who may come, what is reported, how they end."""

import rfc3339
from tests.sim.scenario import CARD, OTHER, Scenario

_PARENT = "FAMILY"


class ReservationScenario(Scenario):
    """What these tests share."""

    def reserve(self, connector_id=1, reservation_id=7, card=CARD, seconds=600, parent=None):
        """Reserve; returns the status, after a second."""
        plant = self.plant
        wall = plant.app.clock.wall(plant.time.now)
        payload = {
            "connectorId": connector_id,
            "expiryDate": rfc3339.format(wall[0] + seconds, 0),
            "idTag": card,
            "reservationId": reservation_id,
        }
        if parent:
            payload["parentIdTag"] = parent
        status = plant.call("ReserveNow", payload)["status"]
        plant.run(1000)
        return status

    def cancel(self, reservation_id=7):
        """Cancel; returns the status, after a second."""
        answer = self.plant.call("CancelReservation", {"reservationId": reservation_id})
        self.plant.run(1000)
        return answer["status"]

    def starts(self):
        """Return (idTag, reservationId or None) of each StartTransaction."""
        return [
            (payload["idTag"], payload.get("reservationId"))
            for action, payload in self.plant.csms.log
            if action == "StartTransaction"
        ]

    def remote_start(self, card=CARD, connector_id=1):
        """Start from afar; returns the status."""
        payload = {"connectorId": connector_id, "idTag": card}
        return self.plant.call("RemoteStartTransaction", payload)["status"]

    def card(self, card):
        """Present a card and wait a second."""
        self.plant.do("card", id=card)
        self.plant.run(1500)

    def count(self, action):
        """How often was `action` sent?"""
        return self.plant.csms.actions().count(action)


class ReservedConnectorTest(ReservationScenario):
    def test_tc_046_1_cs_only_the_holders_card_starts_with_the_reservation_id(self):
        # The other card is refused without an Authorize; then card, plug, charge.
        plant = self.begin()
        self.assertEqual(self.reserve(), "Accepted")
        self.card(OTHER)
        self.assertEqual(self.count("Authorize"), 0)
        self.assertEqual(plant.status(), "Reserved")
        self.card(CARD)
        self.wait("Preparing")
        plant.do("plug")
        self.wait("Charging")
        self.assertEqual(
            plant.csms.statuses(), ["Available", "Reserved", "Preparing", "Charging"]
        )
        self.assertEqual(self.starts(), [(CARD, 7)])
        # Used up: the next session has none.
        plant.run(3000)
        self.finish()
        plant.do("unplug")
        self.wait("Available")
        self.charge(OTHER)
        self.assertEqual(self.starts()[1], (OTHER, None))

    def test_tc_046_2_cs_remote_start_after_plug_in_is_preparing_only_then(self):
        # The plug alone shows nothing; another token is rejected.
        plant = self.begin()
        self.reserve()
        plant.do("plug")
        plant.run(3000)
        self.assertEqual(plant.csms.statuses()[-1], "Reserved")
        self.assertEqual(self.remote_start(OTHER), "Rejected")
        self.assertEqual(self.remote_start(CARD), "Accepted")
        self.wait("Charging")
        self.assertEqual(
            plant.csms.statuses(), ["Available", "Reserved", "Preparing", "Charging"]
        )
        self.assertEqual(self.starts(), [(CARD, 7)])

    def test_tc_046_2_cs_preparing_goes_before_the_start(self):
        # Both come with the remote start: the start must not overtake what leads to it.
        plant = self.begin()
        self.reserve()
        plant.do("plug")
        plant.run(1000)
        before = len(plant.csms.log)
        self.remote_start()
        self.wait("Charging")
        plant.run(200)
        said = [payload.get("status", action) for action, payload in plant.csms.log[before:]]
        self.assertEqual(said, ["Preparing", "StartTransaction", "Charging"])

    def test_tc_047_cs_expiry_makes_it_available_for_everybody(self):
        # Nothing else happens at that moment.
        plant = self.begin()
        self.reserve(seconds=60)
        plant.run(50_000)
        self.assertEqual(plant.status(), "Reserved")
        plant.run(12_000)
        self.assertEqual(plant.csms.statuses(), ["Available", "Reserved", "Available"])
        self.charge(OTHER)
        self.assertEqual(self.starts(), [(OTHER, None)])

    def test_tc_048_1_cs_faulted_connector_answers_faulted(self):
        # An emergency stop is a fault.
        plant = self.begin()
        plant.do("fault", name="emergency_stop")
        self.wait("Faulted")
        self.assertEqual(self.reserve(), "Faulted")
        self.assertEqual(self.reserve(0), "Faulted")

    def test_tc_048_2_cs_plugged_connector_answers_occupied(self):
        # Preparing counts; so does a running transaction.
        plant = self.begin()
        plant.do("plug")
        self.wait("Preparing")
        self.assertEqual(self.reserve(), "Occupied")
        self.assertEqual(self.reserve(0), "Occupied")

    def test_tc_048_3_cs_inoperative_connector_answers_unavailable(self):
        # As does the whole station (TC_050_3_CS).
        plant = self.begin()
        plant.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
        self.wait("Unavailable")
        self.assertEqual(self.reserve(), "Unavailable")
        self.assertEqual(self.reserve(0), "Unavailable")

    def test_tc_048_4_cs_profile_absent_is_rejected_and_costs_nothing(self):
        # Not announced, no key, CancelReservation is not supported (a CALLERROR).
        plant = self.begin(features=())
        self.assertEqual(self.reserve(), "Rejected")
        self.assertEqual(self.reserve(0), "Rejected")
        self.assertIsNone(plant.call("CancelReservation", {"reservationId": 1}))
        self.assertEqual(plant.app.config.text("SupportedFeatureProfiles"), "Core")
        self.assertIsNone(plant.app.config.text("ReserveConnectorZeroSupported"))
        self.assertIsNone(plant.app.station.reservations)

    def test_tc_051_cs_cancelled_is_available_and_free(self):
        # StartTransaction of the other card carries no reservationId.
        plant = self.begin()
        self.reserve()
        self.assertEqual(self.cancel(), "Accepted")
        self.assertEqual(plant.csms.statuses(), ["Available", "Reserved", "Available"])
        self.charge(OTHER)
        self.assertEqual(self.starts(), [(OTHER, None)])

    def test_tc_052_cs_unknown_reservation_is_rejected_and_the_other_kept(self):
        # 0 and negative numbers are ids like any other.
        plant = self.begin()
        self.reserve(reservation_id=0)
        self.assertEqual(self.cancel(8), "Rejected")
        self.assertEqual(self.cancel(-1), "Rejected")
        self.assertEqual(plant.status(), "Reserved")
        self.assertEqual(self.cancel(0), "Accepted")
        self.assertEqual(self.cancel(0), "Rejected")

    def test_tc_053_cs_card_of_the_same_parent_uses_it(self):
        # The parent of the other card comes with its Authorize; StartTransaction has its tag.
        plant = self.begin()
        info = {"status": "Accepted", "parentIdTag": _PARENT}
        plant.csms.answers["Authorize"] = {"idTagInfo": info}
        self.reserve(parent=_PARENT)
        self.card(OTHER)
        self.wait("Preparing")
        self.assertEqual(self.count("Authorize"), 1)
        plant.do("plug")
        self.wait("Charging")
        self.assertEqual(self.starts(), [(OTHER, 7)])

    def test_card_of_another_parent_is_refused_after_authorize(self):
        # A tag that is spelled like the parent is not its member either.
        plant = self.begin()
        info = {"status": "Accepted", "parentIdTag": "STRANGERS"}
        plant.csms.answers["Authorize"] = {"idTagInfo": info}
        self.reserve(parent=OTHER)
        self.card(OTHER)
        self.assertEqual(self.count("Authorize"), 1)
        self.assertEqual(plant.status(), "Reserved")
        plant.do("plug")
        plant.run(2000)
        self.assertEqual(self.starts(), [])

    def test_remote_start_of_the_parent_asks_for_it(self):
        # Although AuthorizeRemoteTxRequests is false: nobody else can tell.
        plant = self.begin()
        info = {"status": "Accepted", "parentIdTag": _PARENT}
        plant.csms.answers["Authorize"] = {"idTagInfo": info}
        self.reserve(parent=_PARENT)
        plant.do("plug")
        plant.run(1000)
        self.assertEqual(self.remote_start(OTHER), "Accepted")
        self.wait("Charging")
        self.assertEqual(self.count("Authorize"), 1)
        self.assertEqual(self.starts(), [(OTHER, 7)])

    def test_same_id_replaces_and_another_id_is_occupied(self):
        # The new holder, not the old one.
        plant = self.begin()
        self.reserve()
        self.assertEqual(self.reserve(reservation_id=8, card=OTHER), "Occupied")
        self.assertEqual(self.reserve(card=OTHER), "Accepted")
        self.card(CARD)
        self.assertEqual(plant.status(), "Reserved")
        self.card(OTHER)
        self.wait("Preparing")

    def test_holder_who_does_not_plug_in_leaves_it_reserved(self):
        # ConnectionTimeOut takes back the authorisation, not the reservation.
        plant = self.begin(settings=(("ConnectionTimeOut", "10"),))
        self.reserve()
        self.card(CARD)
        self.wait("Preparing")
        plant.run(12_000)
        self.assertEqual(plant.status(), "Reserved")
        self.card(OTHER)
        self.assertEqual(plant.status(), "Reserved")

    def test_fault_and_unavailability_end_it_without_available(self):
        # OCPP 1.6: it is terminated; only the new status is reported.
        plant = self.begin()
        self.reserve()
        plant.do("fault", name="emergency_stop")
        self.wait("Faulted")
        plant.run(100)
        self.assertEqual(plant.csms.statuses(), ["Available", "Reserved", "Faulted"])
        self.assertEqual(self.cancel(), "Rejected")
        plant.do("clear", name="emergency_stop")
        self.wait("Available")
        self.reserve()
        plant.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
        self.wait("Unavailable")
        plant.run(100)
        self.assertEqual(self.cancel(), "Rejected")

    def test_wrong_wishes_are_rejected(self):
        # A connector that does not exist; a reservation that is over before it begins.
        self.begin()
        self.assertEqual(self.reserve(2), "Rejected")
        self.assertEqual(self.reserve(-1), "Rejected")
        self.assertEqual(self.reserve(seconds=-1), "Rejected")

    def test_reservation_survives_a_power_cut_and_still_expires(self):
        # With the connection gone as well: the clock of the station is enough once it is known.
        plant = self.begin()
        self.reserve(seconds=120)
        plant.power_cycle()
        plant.run(5000)
        self.assertEqual(plant.status(), "Reserved")
        self.card(OTHER)
        self.assertEqual(plant.status(), "Reserved")
        plant.connected = False
        plant.run(125_000)
        self.assertEqual(plant.status(), "Available")

    def test_expiry_does_not_take_it_from_a_holder_on_the_way_to_the_plug(self):
        # Authorised in time is in time: the id is in StartTransaction.
        plant = self.begin()
        self.reserve(seconds=20)
        plant.run(15_000)
        self.card(CARD)
        plant.run(10_000)
        plant.do("plug")
        self.wait("Charging")
        self.assertEqual(self.starts(), [(CARD, 7)])

    def test_cancelled_on_the_way_to_the_plug_has_no_id(self):
        # The user may charge; the reservation is not mentioned.
        plant = self.begin()
        self.reserve()
        self.card(CARD)
        self.assertEqual(self.cancel(), "Accepted")
        plant.do("plug")
        self.wait("Charging")
        self.assertEqual(self.starts(), [(CARD, None)])

    def test_power_cut_after_the_start_does_not_revive_it(self):
        # The start record has the id; the reservation is not there a second time.
        plant = self.begin()
        self.reserve()
        self.card(CARD)
        plant.do("plug")
        self.wait("Charging")
        plant.power_cycle()
        self.settle()
        self.assertEqual(self.cancel(), "Rejected")

    def test_offline_only_the_holder_comes_in(self):
        # A group cannot be checked without the central system, so its members wait.
        plant = self.begin(settings=(("AllowOfflineTxForUnknownId", "true"),))
        self.reserve(parent=_PARENT)
        plant.connected = False
        plant.run(1000)
        self.card(OTHER)
        self.assertEqual(plant.status(), "Reserved")
        self.card(CARD)
        self.wait("Preparing")


class ReservedStationTest(ReservationScenario):
    def test_tc_049_cs_connector_0_reserves_the_one_free_connector(self):
        # The other one is Unavailable; Reserved is reported for connector 1, not for 0.
        plant = self.begin(connectors=2)
        plant.call("ChangeAvailability", {"connectorId": 2, "type": "Inoperative"})
        self.wait("Unavailable", connector=2)
        self.assertEqual(self.reserve(0), "Accepted")
        self.assertEqual(plant.csms.statuses(1), ["Available", "Reserved"])
        self.assertEqual(plant.csms.statuses(0), ["Available"])
        plant.do("plug")
        plant.run(1000)
        self.assertEqual(self.remote_start(), "Accepted")
        self.wait("Charging")
        self.assertEqual(self.starts(), [(CARD, 7)])

    def test_tc_050_2_cs_all_occupied_answers_occupied(self):
        # One occupied is not all.
        plant = self.begin(connectors=2)
        plant.do("plug", connector=1)
        self.wait("Preparing")
        self.assertEqual(self.reserve(0), "Accepted")
        self.assertEqual(plant.status(2), "Reserved")
        self.assertEqual(self.cancel(), "Accepted")
        plant.do("plug", connector=2)
        self.wait("Preparing", connector=2)
        self.assertEqual(self.reserve(0), "Occupied")

    def test_last_free_connector_waits_for_the_holder_of_connector_0(self):
        # Two are free: nobody is kept out. One is taken: the other one waits.
        plant = self.begin(connectors=2)
        self.assertEqual(self.reserve(0), "Accepted")
        self.assertEqual((plant.status(1), plant.status(2)), ("Available", "Available"))
        self.assertEqual(self.remote_start(OTHER, 1), "Accepted")
        plant.run(1000)
        self.assertEqual((plant.status(1), plant.status(2)), ("Preparing", "Reserved"))
        self.assertEqual(self.remote_start(OTHER, 2), "Rejected")
        self.assertEqual(self.remote_start(CARD, 2), "Accepted")
        plant.do("plug", connector=2)
        self.wait("Charging", connector=2)
        self.assertEqual(self.starts(), [(CARD, 7)])

    def test_reservations_never_outnumber_the_free_connectors(self):
        # One for any and one for connector 1 fill two; a third has no place.
        plant = self.begin(connectors=2)
        self.assertEqual(self.reserve(0, 1), "Accepted")
        self.assertEqual(self.reserve(1, 2, OTHER), "Accepted")
        self.assertEqual((plant.status(1), plant.status(2)), ("Reserved", "Reserved"))
        for connector_id in (0, 1, 2):
            self.assertEqual(self.reserve(connector_id, 3), "Occupied")
        # The same id on another connector: it moves.
        self.assertEqual(self.reserve(2, 1), "Accepted")
        self.assertEqual(self.cancel(2), "Accepted")
        self.assertEqual((plant.status(1), plant.status(2)), ("Available", "Reserved"))
