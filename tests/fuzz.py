"""`make fuzz`: malformed input, to the firmware in one process and to the running simulator.

Without options: a fixed number of inputs for CI. `--seconds N` goes on with fresh seeds for about
so long; `--seed` and `--count` choose. Every failure is printed with the command that repeats it.
The last line is `N passed, N failed`, one for each share of inputs.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.sim import mutate
from tests.sim.prng import Prng
from tools import micropython, mpy
from tools.bench.peer import Peer
from tools.sim.client import Simulator

ROOT = Path(__file__).resolve().parent.parent
_SCRIPT = "tests/sim/fuzz_plant.py"
_COUNT = 100_000
_SHARE = 25_000
_CPYTHON_PERMILLE = 50
_LIVE = 2000
# Most of these end the connection, and the next try comes after a second.
_OCTETS_PERMILLE = 15
_GROWTH_MAX = 1024
# Here what was set stays set: configuration, reservations. All of it is bounded, none of it 4 KB.
_LIVE_GROWTH_MAX = 4096
_HEAP = 768 * 1024
_TIMEOUT_S = 900
# Shares that failed once: (seed, first number, count).
_KEPT = ()


def run_share(vm, seed, first, count):
    """Feed the firmware in a process of its own; returns what is wrong, or None."""
    command = [*micropython.find(vm)]
    if vm == "cpython":
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join((".", "lib", "tests/compat")))
    else:
        command += ["-X", "heapsize=%d" % _HEAP]
        environment = dict(os.environ, MICROPYPATH=f"{mpy.STAGE}:.:tests/compat_mpy:.frozen")
    command += [_SCRIPT, str(seed), str(first), str(count)]
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True,
                              timeout=_TIMEOUT_S)
        lines = done.stdout.strip().splitlines()
        result = json.loads(lines[-1]) if done.returncode == 0 and lines else None
    except (subprocess.TimeoutExpired, ValueError):
        result = None
        done = None
    if result is None:
        return "crashed or hung: %s" % (done and (done.stdout + done.stderr)[-1500:])
    if "failed" in result:
        return "number %d: %s" % (result["number"], result["failed"])
    if result["grown"] > _GROWTH_MAX:
        return "the heap has grown by %d bytes" % result["grown"]
    return None


def run_live(seed, count):
    """Feed the running simulator over its socket; returns what is wrong, or None."""
    peer = Peer()
    sim = Simulator(["--csms", peer.url, "--heap", "192K", "--seed", "1"])
    try:
        return _feed_live(peer, sim, seed, count)
    finally:
        sim.stop()
        peer.close()


def _feed_live(peer, sim, seed, count):
    chance = Prng(seed)
    connection = _registered(peer, None)
    used = []
    for number in range(count):
        if number % 100 == 99 and number > count // 4:
            connection = _cleared(peer, connection)
            used.append(sim.state()["heap"]["used"])
        data = mutate.octets(chance) if chance.chance(_OCTETS_PERMILLE) else mutate.frame(
            0x81, (mutate.structured(chance)[1] if chance.chance(600) else mutate.text(chance))
            .encode("utf-8", "replace"))
        try:
            connection.send(data)
            if number % 20 == 19:
                # It is alive: this one is answered, or the connection was refused with a reason.
                connection.call("GetConfiguration", {"key": ["HeartbeatInterval"]})
        except OSError:
            connection = _registered(peer, connection)
    sim.wait_until(lambda state: state["registration"] == "Accepted")
    crashes = [line for line in sim.log if "Traceback" in line or "MemoryError" in line
               or "log: error" in line]
    if crashes:
        return "the log says %s" % crashes[0]
    # The least of each half: values that were set, and what is under way, come and go.
    half = len(used) // 2
    grown = min(used[half:]) - min(used[:half]) if half else 0
    if grown > _LIVE_GROWTH_MAX:
        return "the heap has grown by %d bytes" % grown
    return None


def _cleared(peer, connection):
    """Take back what was installed on the way: it is kept because it was asked for."""
    try:
        connection.call("ClearChargingProfile", {})
        connection.call("ClearCache", {})
        return connection
    except OSError:
        return _registered(peer, connection)


def _registered(peer, old):
    """The next connection; a boot is asked for only by a charger that does not know us yet."""
    if old:
        old.close()
    connection = peer.accept()
    connection.quiet(0.3 if old else 1.5)
    return connection


def shares(options):
    """Yield (vm, seed, first, count) to be run."""
    for seed, first, count in _KEPT:
        yield "micropython32", seed, first, count
    for first in range(0, options.count, _SHARE):
        yield "micropython32", options.seed, first, min(_SHARE, options.count - first)
    for first in range(0, options.count * _CPYTHON_PERMILLE // 1000, _SHARE):
        yield "cpython", options.seed, first, _SHARE * _CPYTHON_PERMILLE // 250


def run(options):
    """Run all shares on all cores and the live part; returns (passed, failures as texts)."""
    mpy.build()
    failures = []
    passed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [(share, pool.submit(run_share, *share)) for share in shares(options)]
        for share, job in jobs:
            wrong = job.result()
            print("%-14s seed %d, numbers %d..%d: %s" % (
                share[0], share[1], share[2], share[2] + share[3] - 1, wrong or "ok"), flush=True)
            if wrong:
                repeat = "--seed %d --count %d --live 0" % (share[1], share[2] + share[3])
                failures.append('%s\n  repeat: make fuzz ARGS="%s"' % (wrong, repeat))
            else:
                passed += 1
    if options.live:
        wrong = run_live(options.seed, options.live)
        print("simulator      seed %d, %d inputs: %s" % (options.seed, options.live,
                                                         wrong or "ok"), flush=True)
        if wrong:
            failures.append(wrong)
        else:
            passed += 1
    return passed, failures


def main(arguments=None):
    """Fuzz as the command line says; returns the exit status."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=_COUNT, help="inputs in one process")
    parser.add_argument("--live", type=int, default=_LIVE, help="inputs to the simulator")
    parser.add_argument("--seconds", type=float, default=0, help="go on with other seeds so long")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    passed, failures = run(options)
    while not failures and time.monotonic() - began < options.seconds:
        options.seed = secrets.randbelow(1 << 30)
        more, failures = run(options)
        passed += more
    for failure in failures:
        print("\nFAILED: %s" % failure)
    print("%d passed, %d failed" % (passed, len(failures)))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
