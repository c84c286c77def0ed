"""Take a ws:// or wss:// address apart and put the charge point's identity into its path."""


class UrlError(ValueError):
    """The address cannot be used; the text says why."""


def split(url):
    """Return (is_tls, host, port, path) of `url`. Raises UrlError with one clear sentence."""
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in ("ws", "wss"):
        raise UrlError("the address of the central system must begin with ws:// or wss://")
    is_tls = scheme.lower() == "wss"
    authority, slash, path = rest.partition("/")
    if "@" in authority:
        raise UrlError("no user or password in the address: give them apart")
    if authority.startswith("["):
        host, bracket, port = authority[1:].partition("]")
        port = port[1:] if port.startswith(":") else port
    else:
        host, colon, port = authority.partition(":")
    if not host:
        raise UrlError("the address of the central system has no host name")
    if port and not (port.isdigit() and 0 < int(port) < 65536):
        raise UrlError("the port must be a number from 1 to 65535")
    if "?" in path or "#" in path:
        raise UrlError("the address of the central system must not have a query")
    return is_tls, host, int(port) if port else (443 if is_tls else 80), slash + path


def station_path(path, identity):
    """Return `path` + "/" + the identity, percent-encoded (OCPP-J 1.6, 3.1.1)."""
    return path.rstrip("/") + "/" + quote(identity)


def quote(text):
    """Percent-encode everything but the unreserved characters of RFC 3986 2.3."""
    parts = []
    for byte in text.encode():
        character = chr(byte)
        if byte < 128 and (character.isdigit() or character.isalpha() or character in "-._~"):
            parts.append(character)
        else:
            parts.append("%%%02X" % byte)
    return "".join(parts)
