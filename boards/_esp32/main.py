"""/main.py of a board: starts the firmware. Ctrl-C leads to the prompt, with the outputs safe."""

from boards._esp32 import start

start.run()
