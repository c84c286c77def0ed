"""Modules that others import deep down, imported here one after the other.

Every import inside an import costs C stack, some 4 KB of it on the 32-bit unix port, and a board's
main task has 16 KB in all. Imported first, from the ground up, no chain gets longer than two.
"""

import ticks  # isort: skip
import ocppj.errors  # isort: skip
import shape  # isort: skip
import ocpp16  # isort: skip
import ocppj.jsontext  # isort: skip
import ocppj.frame  # isort: skip

assert ticks and ocppj.errors and shape and ocpp16 and ocppj.jsontext and ocppj.frame
