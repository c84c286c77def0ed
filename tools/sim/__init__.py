"""The simulated charger: starts the firmware in a MicroPython process and serves its control port.

What lives here is the host side, on CPython: options, the VM process, the control port, the trace.
The charger itself, firmware and simulated chips, runs in the VM (`boards/sim/main.py`).
"""
