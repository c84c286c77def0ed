"""A profile that is left out is not there at all: no module of it is imported, none answers.

One test alone, from none to all: what a process has imported it never forgets.
"""

import sys

from tests.sim.scenario import Scenario

_WISH = {
    "connectorId": 1, "expiryDate": "2030-01-01T00:00:00Z", "idTag": "A", "reservationId": 1,
}
_PROFILE = {
    "chargingProfileId": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative", "chargingSchedule": {
        "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 8}]},
}

# Name, what only it imports, its calls, a key of its own.
_PROFILES = (
    (
        "RemoteTrigger",
        "firmware.ocpp.remote_trigger ocpp16.remote_trigger",
        (("TriggerMessage", {"requestedMessage": "Heartbeat"}),),
        None,
    ),
    (
        "Reservation",
        "firmware.ocpp.reservation firmware.evse.reservations ocpp16.reservation",
        (("ReserveNow", _WISH), ("CancelReservation", {"reservationId": 1})),
        "ReserveConnectorZeroSupported",
    ),
    (
        "LocalAuthListManagement",
        "firmware.ocpp.local_auth_list firmware.auth.local_list firmware.auth.list_record "
        "ocpp16.local_auth_list",
        (("SendLocalList", {"listVersion": 1, "updateType": "Full"}),
         ("GetLocalListVersion", {})),
        "LocalAuthListEnabled",
    ),
    (
        "SmartCharging",
        "firmware.ocpp.smart_charging firmware.evse.smart_charging firmware.evse.schedule "
        "firmware.evse.composite firmware.evse.sharing firmware.evse.profile_store "
        "ocpp16.smart_charging ocpp16.charging_profile",
        (("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": _PROFILE}),
         ("ClearChargingProfile", {}),
         ("GetCompositeSchedule", {"connectorId": 1, "duration": 60})),
        "ChargeProfileMaxStackLevel",
    ),
)


class AbsentTest(Scenario):
    def test_profile_left_out_costs_no_module_and_its_calls_are_refused(self):
        # Each one is added in turn; only then its modules are there, and it answers.
        chosen = []
        for count in range(len(_PROFILES) + 1):
            if count:
                self.tearDown()
                chosen.append(_PROFILES[count - 1][0])
            self.begin(features=tuple(chosen))
            for number, profile in enumerate(_PROFILES):
                self.check(profile, number < count)

    def check(self, profile, present):
        """One profile, in the station as it is."""
        name, modules, calls, key = profile
        for module in modules.split():
            self.assertEqual((module, module in sys.modules), (module, present))
        config = self.plant.app.config
        self.assertEqual(name in config.text("SupportedFeatureProfiles").split(","), present)
        if key:
            self.assertEqual(config.text(key) is not None, present)
        for action, payload in calls:
            expected = (3, None) if present else (4, "NotSupported")
            if action == "ReserveNow" and not present:
                # TC_048_4_CS: a normal answer.
                expected = (3, {"status": "Rejected"})
            kind, answer = self.ask(action, payload)
            self.assertEqual((action, kind), (action, expected[0]))
            self.assertTrue(expected[1] in (None, answer), (action, answer))

    def ask(self, action, payload):
        """Return (3, payload of the answer) or (4, code of the error)."""
        plant = self.plant
        message_id, text = plant.csms.call(action, payload)
        plant.app.client.receive(plant.time.now, text)
        plant.run(500)
        answer = plant.csms._results[message_id]
        return answer[0], answer[2]
