"""`make bench`: how fast the charge point answers, beside one on `ocpp` and `websockets`."""
