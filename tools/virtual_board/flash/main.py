"""What the virtual board runs at a reset: the firmware, on the chips of the simulator."""

from boards.sim import standalone

standalone.main()
