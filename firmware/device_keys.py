"""Configuration keys of the device itself, beside those that OCPP defines.

A board may declare more of them in its board.json, as `keys`: a list of objects with `key`, `type`
("bool", "int" or "text"), `default`, and if they differ from what follows `readonly` (false), for
an int `min` (0) and `max`, for a text `max` (its length). They are kept and reported; what they
mean is the board's own business.
"""

# ContactorWelded: bit per connector; only somebody who has seen the contacts may set it back to 0.
# RcdTripped: the same for a residual current, which unplugging clears unless Country forbids it.
# Country: ISO 3166, two letters; AT: the current comes back slowly after a fault of the mains.
# WakeUpDelay: so many s an EV may sleep with an offer before it is woken once; 0 = never.
# StorageLost: the stored configuration was lost; true keeps every connector Faulted.
DEVICE = """
ContactorWelded int rw? 0 0 3
RcdTripped int rw? 0 0 3
StorageLost bool rw? false
WakeUpDelay int rw 60 0 600
"""

_INT_MAX = 999_999_999
_TEXT_MAX = 500


def device():
    """Return DEVICE, for whoever wants it only when it is looked into."""
    return DEVICE


def table(current_ma_max, phases=3, blocking="pause"):
    """Return the rows that depend on the board, for `firmware.config.Config`.

    current_ma_max: its rating, which bounds the current; phases: its phases; blocking: its
    default for BlockingWhileClosed.
    """
    rating_a = current_ma_max // 1000
    return (
        # What the wiring and the fuse allow, in A; the installer sets it.
        ("InstallationCurrentMax", "int", "rw", rating_a, 6, rating_a),
        ("Country", "text", "rw", "", None),
        # 1 where a second contactor can leave out the other phases; else all that there are.
        ("ChargingPhases", "int", "rw", phases, 1, phases),
        # What can stall the VM is due and a contactor is closed: pause charging for it, defer it
        # until nobody charges, or allow it.
        ("BlockingWhileClosed", "text", "rw", blocking, "pause|defer|allow"),
        # How a card's number becomes an id token, see lib/rfid/uid.py; as it is if empty. A number
        # is the length in bytes.
        ("CardIdFormat", "text", "rw", "", "reversed lower 1 2 3 4 5 6 7 8 9 10"),
    )


def declared(rows):
    """Return the table of the keys that a board declares. Raises KeyError, ValueError."""
    return tuple([_row(row) for row in rows])


def _row(row):
    head = (row["key"], row["type"], "r" if row.get("readonly") else "rw", row["default"])
    if row["type"] == "bool":
        return head
    if row["type"] == "int":
        return head + (row.get("min", 0), row.get("max", _INT_MAX))
    if row["type"] == "text":
        return head + (0, row.get("max", _TEXT_MAX))
    raise ValueError("board.json: %s is no type of a key" % row["type"])
