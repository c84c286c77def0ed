"""/boot.py of a board: outputs into the safe state, before anything of ours is imported.

A soft reset leaves a coil as it was and pulls the pilot low; what an output may do while the chip
itself starts is up to the board's pull resistors. The order: coils, lock motors, the rest; then
the pilot to steady +12 V (X1), since low would be state F, which some cars take for good.

Then the flash is mounted with the sizes that the firmware's records are made for.
"""

import json

import machine
from machine import Pin

# Longer than anybody sits at the prompt. A watchdog that already runs cannot be stopped.
_PROMPT_MS = 3_600_000


def _drive(spec, level):
    """Make an output of a pin's description, at `level` (1 = active)."""
    if spec is None:
        return
    if isinstance(spec, int):
        spec = {"pin": spec}
    Pin(spec["pin"], Pin.OUT, value=level ^ (1 if spec.get("low") else 0))


def _outputs_safe():
    with open("/board.json") as file:
        connectors = json.load(file)["connectors"]
    for connector in connectors:
        _drive(connector["coil"], 0)
    for connector in connectors:
        connector.update(connector.get("lock", {}))
        for name in ("close", "open", "rcd_test", "phase_switch", "cp_switch"):
            # A pilot switch that is off would tell the EV that it was unplugged.
            _drive(connector.get(name), 1 if name == "cp_switch" else 0)
        pilot = connector["pilot"]
        _drive({"pin": pilot["pwm"], "low": pilot.get("low")}, 1)


def _remount():
    import vfs
    from boards import LITTLEFS
    from flashbdev import bdev

    # Nothing is open: MicroPython has read this file to its end. What may fail, a second look at
    # the flash, does so while the first mount stands.
    fs = vfs.VfsLfs2(bdev, **LITTLEFS)  # type: ignore[abstract]
    vfs.umount("/")
    try:
        vfs.mount(fs, "/")
    except (OSError, MemoryError):
        vfs.mount(bdev, "/")
        raise


try:
    _outputs_safe()
except (OSError, ValueError, KeyError, TypeError):
    print("no valid board.json: make deploy BOARD=... PORT=...")
    if machine.reset_cause() == machine.SOFT_RESET:
        # Nobody knows which pin is the coil's, but a reset of the chip lets go of all of them.
        machine.reset()
if machine.reset_cause() == machine.SOFT_RESET:
    machine.WDT(timeout=_PROMPT_MS)
flash_trouble = None  # main.py, which has the same globals, tells the log
try:
    _remount()
except (OSError, MemoryError, ImportError, AttributeError, TypeError) as error:
    # The box has to come up, with the first mount.
    flash_trouble = "not mounted as it should be, wears faster: %r" % error
    print(flash_trouble)
del _outputs_safe, _remount  # what main.py has no use for takes its heap
