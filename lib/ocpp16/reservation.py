"""Payloads of the Reservation profile (OCPP 1.6 edition 2, 6.5 and 6.35). See shape.py."""

REQUESTS = """
CancelReservation
 reservationId! integer *
ReserveNow
 connectorId! integer *
 expiryDate! time any
 idTag! cistring 20
 reservationId! integer *
 parentIdTag? cistring 20
"""

RESULTS = ""
