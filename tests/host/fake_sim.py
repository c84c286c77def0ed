"""`tools.sim` with a stand-in for the VM's script: the same command line, another charger inside.

PILOTWIRE_FAKE_VM names the script; without it `fake_vm.py`.
"""

import os
import sys

from tools.sim.__main__ import main
from tools.sim.staging import prepare

_SCRIPT = "tests/host/fake_vm.py"


def prepare_fake(variant, tier, linked=True):
    """Staging of the stand-in."""
    return prepare(variant, tier, os.environ.get("PILOTWIRE_FAKE_VM", _SCRIPT), linked)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], prepare_fake))
