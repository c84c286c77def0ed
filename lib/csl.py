"""Comma separated lists, as OCPP's configuration values write them."""


def split(text):
    """Return the items of a comma separated list, blanks around the commas removed."""
    text = text.strip()
    return [item.strip() for item in text.split(",")] if text else []
