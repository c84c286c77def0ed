"""`tools.run` with the stand-in charger."""

import sys

from tools.run import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], "tests.host.fake_sim"))
