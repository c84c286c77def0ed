"""Configuration keys of the device itself, beside those that OCPP defines."""


def table(current_ma_max):
    """Return the rows for `firmware.config.Config`; the board's rating bounds the current."""
    rating_a = current_ma_max // 1000
    return (
        # What the wiring and the fuse allow, in A; the installer sets it.
        ("InstallationCurrentMax", "int", "rw", rating_a, 6, rating_a),
        # Bit per connector; only somebody who has seen the contacts may set it back to 0.
        ("ContactorWelded", "int", "rw", 0, 0, 3),
        # The stored configuration was lost; true keeps every connector Faulted.
        ("StorageLost", "bool", "rw", False),
    )
