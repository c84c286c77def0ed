"""/main.py of a board: starts the firmware. Ctrl-C leads to the prompt, with the outputs safe."""

from boards._esp32 import start

# boot.py has the same globals.
start.run(globals().get("flash_trouble", "not mounted as it should be: boot.py ended early"))
