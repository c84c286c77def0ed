"""Frames in plain words, for a person who watches. Passwords and keys are never told."""

from tools.csms.frames import CALL, CHARGE_POINT, ERROR

_SILENT = ("Heartbeat", "Authorize")
_SECRET = ("value", "certificate", "certificateChain", "csr", "signingCertificate", "location")


def tell(frame):
    """One line about a frame, or None if it does not belong into the story."""
    if frame.problems or frame.kind is None:
        return None  # told as a violation
    if frame.kind == ERROR:
        return f"{_side(frame)} refuses {frame.action}: {frame.code} {frame.description}"
    if frame.kind == CALL:
        if frame.sender != CHARGE_POINT:
            return f"asked for {frame.action} {_fields(frame.payload)}"
        return _call(frame.action, frame.payload)
    return _result(frame)


def _call(action, payload):
    if action in _SILENT:
        return None
    if action == "BootNotification":
        return f"boots: {payload['chargePointVendor']} {payload['chargePointModel']}"
    if action == "StatusNotification":
        error = payload["errorCode"]
        extra = "" if error == "NoError" else f" ({error})"
        return f"connector {payload['connectorId']} is {payload['status']}{extra}"
    if action == "StartTransaction":
        return (
            f"connector {payload['connectorId']} starts a transaction for card"
            f" {payload['idTag']} at {payload['meterStart']} Wh"
        )
    if action == "StopTransaction":
        return (
            f"transaction {payload['transactionId']} stops at {payload['meterStop']} Wh,"
            f" reason {payload.get('reason', 'Local')}"
        )
    if action == "MeterValues":
        return f"connector {payload['connectorId']} measures {_samples(payload['meterValue'])}"
    return f"{action} {_fields(payload)}"


def _result(frame):
    action, payload = frame.action, frame.payload
    if frame.sender == CHARGE_POINT:
        return f"answers {action}: {_fields(payload) or 'done'}"
    if action == "StartTransaction":
        return f"-> transaction {payload['transactionId']}, {payload['idTagInfo']['status']}"
    if action == "Authorize":
        return f"-> card is {payload['idTagInfo']['status']}"
    if action == "BootNotification":
        return f"-> {payload['status']}"
    return None


def _side(frame):
    return "charge point" if frame.sender == CHARGE_POINT else "central system"


def _fields(payload):
    if not isinstance(payload, dict):
        return _short(payload)
    return ", ".join(
        f"{key} {'(not shown)' if key in _SECRET else _short(value)}"
        for key, value in payload.items()
    )


def _short(value):
    text = str(value)
    return text if len(text) <= 200 else text[:200] + "..."


def _samples(values):
    samples = values[-1]["sampledValue"] if values else []
    shown = [
        f"{sample['value']} {sample.get('unit', 'Wh')}"
        for sample in samples
        if "phase" not in sample
    ]
    return ", ".join(shown) or "nothing"
