"""A plugin of pytest that finds tests which depend on a machine that never stands still.

    .venv/bin/python -m pytest -n 4 -p tests.host.stalls tests/spec

The VM of each simulated charger is stopped for PILOTWIRE_STALL_S (0.8) every 3 to 8 seconds, as a
machine with more work than cores does now and then. What fails here and not without it measures
the machine; what the firmware owes to the millisecond is asserted in virtual time.
"""

import os
import random
import signal
import threading
import time

from tests.host import harness

_STALL_S = float(os.environ.get("PILOTWIRE_STALL_S", "0.8"))
_BETWEEN_S = 3, 8


def _vm_of(bench):
    """The process of the VM that runs now, None between two."""
    if bench.sim.process.poll() is not None:
        return None
    starts = bench.events("vm_start")
    return starts[-1]["pid"] if starts else None


def _stall(bench, chance):
    while True:
        time.sleep(chance.uniform(*_BETWEEN_S))
        if bench.closed:
            return
        vm = _vm_of(bench)
        if vm is None:
            continue
        try:
            os.kill(vm, signal.SIGSTOP)
            time.sleep(_STALL_S)
            os.kill(vm, signal.SIGCONT)
        except ProcessLookupError:
            continue  # it has ended or begins anew, which needs no help from here


class _StallingBench(harness.Bench):
    def start(self, *arguments, **named):
        """Start the charger; with the first one the stalls begin."""
        first = self.sim is None
        simulator = super().start(*arguments, **named)
        if first:
            threading.Thread(target=_stall, args=(self, random.Random()), daemon=True).start()
        return simulator


# At once: a plugin is imported before the tests and what they share, which take the class by name.
harness.Bench = _StallingBench
