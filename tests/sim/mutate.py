"""Valid frames of a central system, and damaged ones made of them; alike on both interpreters.

`structured` gives a list that is well formed JSON, so what must come back can be said exactly.
`text` gives characters, `octets` bytes of WebSocket frames: anything but a crash may follow.
"""

import json

_PERIODS = '[{"startPeriod":0,"limit":16.0},{"startPeriod":3600,"limit":8.5,"numberPhases":3}]'
_SCHEDULE = '{"chargingRateUnit":"A","duration":7200,"chargingSchedulePeriod":%s}' % _PERIODS
_PROFILE = (
    '{"chargingProfileId":7,"stackLevel":2,"chargingProfilePurpose":"TxDefaultProfile",'
    '"chargingProfileKind":"Absolute","validFrom":"2026-11-21T07:00:00Z",'
    '"chargingSchedule":%s}' % _SCHEDULE
)
# Action, payload. Nothing in here locks the station for good: the fuzzing would stand still.
CALLS = (
    ("ChangeAvailability", '{"connectorId":1,"type":"Operative"}'),
    ("ChangeConfiguration", '{"key":"HeartbeatInterval","value":"300"}'),
    ("ChangeConfiguration", '{"key":"MeterValuesSampledData","value":"Voltage,Power.Factor"}'),
    ("ClearCache", "{}"),
    ("DataTransfer", '{"vendorId":"v","messageId":"m","data":"\u00e4\u20ac"}'),
    ("GetConfiguration", '{"key":["HeartbeatInterval","no such key"]}'),
    ("GetConfiguration", "{}"),
    ("RemoteStartTransaction", '{"idTag":"04A1","connectorId":9,"chargingProfile":%s}' % _PROFILE),
    ("RemoteStopTransaction", '{"transactionId":77}'),
    ("Reset", '{"type":"Warm"}'),
    ("UnlockConnector", '{"connectorId":1}'),
    ("TriggerMessage", '{"requestedMessage":"Heartbeat","connectorId":1}'),
    ("SetChargingProfile", '{"connectorId":1,"csChargingProfiles":%s}' % _PROFILE),
    ("ClearChargingProfile", '{"id":7,"connectorId":1,"stackLevel":2}'),
    ("GetCompositeSchedule", '{"connectorId":1,"duration":600,"chargingRateUnit":"W"}'),
    ("GetLocalListVersion", "{}"),
    ("SendLocalList", '{"listVersion":3,"updateType":"Full","localAuthorizationList":'
     '[{"idTag":"A","idTagInfo":{"status":"Accepted"}}]}'),
    ("ReserveNow", '{"connectorId":1,"expiryDate":"2026-11-21T09:00:00Z","idTag":"A",'
     '"reservationId":4}'),
    ("CancelReservation", '{"reservationId":4}'),
    ("GetDiagnostics", '{"location":"ftp://x/y","retries":1}'),
    ("UpdateFirmware", '{"location":"ftp://x/y","retrieveDate":"2026-11-21T09:00:00Z"}'),
)

_DEEP = "[" * 20 + "]" * 20
# JSON texts that replace a value.
_VALUES = (
    "null", "true", "false", "0", "-1", "1", "2", "2147483647", "2147483648", "-2147483649",
    "1.5", "1e10", "-0.0", '""', '"a"', '"Accepted"', '"2026-11-21T07:42:52Z"',
    '"1999-01-01T00:00:00Z"', '"\u20ac\u00e4"', '"' + 60 * "x" + '"', '"' + 600 * "y" + '"', "[]",
    "{}", "[[]]", '[{"a":1}]', '{"a":{"b":[]}}', "9" * 39, _DEEP,
)
_NAMES = ("connectorId", "type", "key", "value", "extra", "", "idTag", "status", "KEY")
_ACTIONS = ("Nonsense", "", "Heartbeat", "reset", "GetConfiguration ", "StartTransaction")
_PIECES = ("[", "]", "{", "}", '"', "\\", "\\ud83d", "\\u0000", ",", ":", "9" * 45, "null",
           "\u20ac", "2", "-", "1e999", '"a":', "\x00", "\x7f")


def structured(chance):
    """Return (frame as a list, its text). At most four things in it are wrong."""
    action, payload = chance.choice(CALLS)
    frame = [2, "m%d" % chance.below(1 << 20), action, json.loads(payload)]
    for _ in range(chance.below(5)):
        if chance.chance(850) and len(frame) == 4 and isinstance(frame[3], dict):
            frame[3] = _changed(chance, frame[3], 4)
        else:
            _change_frame(chance, frame)
    return frame, json.dumps(frame)


def _changed(chance, value, depth):
    """Return `value` with one change somewhere in it."""
    if depth and value and chance.chance(600):
        if isinstance(value, dict):
            name = chance.choice(sorted(value))
            value[name] = _changed(chance, value[name], depth - 1)
            return value
        if isinstance(value, list):
            index = chance.below(len(value))
            value[index] = _changed(chance, value[index], depth - 1)
            return value
    if isinstance(value, dict) and chance.chance(700):
        if value and chance.chance(500):
            value.pop(chance.choice(sorted(value)))
        else:
            value[chance.choice(_NAMES)] = json.loads(chance.choice(_VALUES))
        return value
    if isinstance(value, list) and value and chance.chance(500):
        return value * chance.choice((2, 10, 50))
    return json.loads(chance.choice(_VALUES))


def _change_frame(chance, frame):
    kind = chance.below(6)
    if kind == 0:
        frame.append(json.loads(chance.choice(_VALUES)))
    elif kind == 1:
        frame.pop()
        if not frame:
            frame.append(2)
    elif kind == 2:
        frame[chance.below(len(frame))] = json.loads(chance.choice(_VALUES))
    elif kind == 3 and len(frame) > 2:
        frame[2] = chance.choice(_ACTIONS)
    elif kind == 4:
        frame[0] = chance.choice((0, 1, 3, 4, 5, -2, "2", 2.0, 99999999999))
    elif len(frame) > 1:
        frame[1] = "i" * chance.choice((0, 36, 37, 255, 256, 1000))


def text(chance):
    """Return a text that is near to a frame."""
    damaged = structured(chance)[1]
    for _ in range(1 + chance.below(3)):
        at = chance.below(len(damaged) + 1)
        kind = chance.below(4)
        if kind == 0:
            damaged = damaged[:at] + damaged[at + 1 + chance.below(3) :]
        elif kind == 1:
            damaged = damaged[:at] + chance.choice(_PIECES) + damaged[at:]
        elif kind == 2:
            damaged = damaged[:at]
        else:
            damaged = damaged[:at] + chance.choice(_PIECES) + damaged[at + 1 :]
    return damaged


def frame(opcode, data):
    """Return the bytes of one frame as a server sends it."""
    size = len(data)
    if size < 126:
        return bytes((opcode, size)) + data
    if size < 0x10000:
        return bytes((opcode, 126)) + size.to_bytes(2, "big") + data
    return bytes((opcode, 127)) + size.to_bytes(8, "big") + data


def octets(chance):
    """Return bytes that are near to one or two WebSocket frames."""
    kind = chance.below(10)
    if kind == 0:
        data = frame(0x80 | chance.below(16), bytes((chance.below(256),)) * chance.below(300))
    elif kind == 1:
        data = frame(0x82, b"binary")
    elif kind == 2:
        whole = structured(chance)[1].encode()
        half = chance.below(len(whole) + 1)
        data = frame(0x01, whole[:half]) + frame(0x80, whole[half:])
    else:
        data = frame(0x81, structured(chance)[1].encode())
    data = bytearray(data)
    for _ in range(chance.below(4)):
        if data:
            at = chance.below(len(data))
            if chance.chance(400):
                at = chance.below(min(4, len(data)))
            data[at] = chance.below(256)
    return bytes(data)
