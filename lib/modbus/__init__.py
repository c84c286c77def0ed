"""Modbus over a serial line, from the master's side.

`rtu` knows frames, `master` knows time. Sources: "Modbus Application Protocol Specification
V1.1b3" and "Modbus over Serial Line V1.02" of the Modbus Organization.
"""
