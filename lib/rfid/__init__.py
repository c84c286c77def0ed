"""Card readers: step-wise drivers over a given bus.

A driver is an object with `tick(now)` that never waits. It answers with None or one of

    ("card", uid)    once per presence; uid is bytes, most significant first as the card sends it
    ("removed",)     the card reported last has left
    ("silent",)      the reader does not work any more
    ("back",)        and works again

What a card may do is decided elsewhere; `uid.uid_text` makes the id token of OCPP.
"""
