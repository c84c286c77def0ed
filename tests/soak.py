"""`make soak`: many random worlds, each from a seed, on both interpreters.

Without options: a fixed list of seeds for CI. `--minutes N` goes on with fresh seeds for so long;
`--seed N` lives one life, as does the command that is printed after a failure. The last line is
`N passed, N failed`, one for each world.
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

from tools import micropython, mpy

ROOT = Path(__file__).resolve().parent.parent
_SCRIPT = "tests/sim/soak_world.py"
_VMS = ("micropython32", "cpython")
# The first ones have tethered cables and sockets, one connector and two; then what once failed.
_SEEDS = (1, 2, 3, 4, 5, 6)
_HEAP = 768 * 1024
_TIMEOUT_S = 600
_EVENTS = 25


def live(vm, seed):
    """Live the life of `seed` on `vm`; returns (ok, what there is to say)."""
    command = [*micropython.find(vm)]
    if vm == "cpython":
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join((".", "lib", "tests/compat")))
    else:
        command += ["-X", "heapsize=%d" % _HEAP]
        environment = dict(os.environ, MICROPYPATH=f"{mpy.STAGE}:.:tests/compat_mpy:.frozen")
    try:
        done = subprocess.run([*command, _SCRIPT, str(seed)], cwd=ROOT, env=environment,
                              capture_output=True, text=True, timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return False, "hung"
    lines = done.stdout.strip().splitlines()
    try:
        result = json.loads(lines[-1])
    except (IndexError, ValueError):
        return False, (done.stdout + done.stderr)[-2000:]
    if "ok" in result:
        return True, "%(hours)s h, %(cuts)d cuts, %(transactions)d transactions" % result["ok"]
    events = "\n".join("  %s" % json.dumps(event) for event in result["events"][-_EVENTS:])
    return False, "%s\n%s" % (result["failed"], events)


def run(worlds):
    """Live many lives on all cores; returns (passed, failed)."""
    counts = [0, 0]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [(world, pool.submit(live, *world)) for world in worlds]
        for (vm, seed), job in jobs:
            ok, text = job.result()
            counts[0 if ok else 1] += 1
            print("%-14s seed %-10d %s" % (vm, seed, text), flush=True)
            if not ok:
                print("FAILED; repeat: make soak ARGS=\"--seed %d --vm %s\"\n" % (seed, vm))
    return counts


def main(arguments=None):
    """Live as the command line says; returns the exit status."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=0, help="go on with fresh seeds")
    parser.add_argument("--seed", type=int, help="only this world")
    parser.add_argument("--vm", choices=_VMS, help="only on this interpreter")
    options = parser.parse_args(arguments)
    mpy.build()
    began = time.monotonic()
    vms = (options.vm,) if options.vm else _VMS
    seeds = _SEEDS if options.seed is None else (options.seed,)
    passed, failed = run([(vm, seed) for seed in seeds for vm in vms])
    while not failed and time.monotonic() - began < options.minutes * 60:
        fresh = [secrets.randbelow(1 << 30) for _ in range(os.cpu_count() or 1)]
        more, failed = run([(vm, seed) for seed in fresh for vm in vms])
        passed += more
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
