"""A small real central system for OCPP 1.6J: for a person at the keyboard, and for tests.

It stands on the packages `ocpp` (message schemas) and `websockets`. It keeps books of every
transaction and checks every frame in both directions; what is wrong is recorded, never ignored.
"""
