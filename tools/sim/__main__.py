"""`python -m tools.sim`: see `--help`."""

import asyncio
import sys

from tools.sim import options, staging
from tools.sim.host import EXIT_FAULT, Host
from tools.sim.state import StateError


def main(argv, prepare=staging.prepare):
    """Run one simulated charger; returns the exit status.

    prepare(variant, tier, linked) -> Staging: what the VM runs.
    """
    wanted = options.parse(argv)
    try:
        staged = prepare(wanted.vm, wanted.tier, linked=wanted.linked)
        return asyncio.run(Host(wanted, staged).run())
    except (staging.StagingError, StateError, OSError) as error:
        print(f"tools.sim: {error}", file=sys.stderr)
        return EXIT_FAULT


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
