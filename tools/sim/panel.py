"""A plain status page: what `state` answers, once a second, for a browser on this computer.

It only reads. It listens on the loopback interface alone.
"""

import asyncio
import html
import json

_HEAD_MAX = 16 * 1024
_TIMEOUT_S = 5
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="1">
<title>Pilotwire</title>
<style>body{{font:15px sans-serif;margin:2em}}td,th{{text-align:left;padding:.1em 1em .1em 0;
font-weight:normal;vertical-align:top}}th{{color:#666}}section{{margin-bottom:1.5em}}</style>
</head><body><h1>Pilotwire</h1>{body}</body></html>
"""


class Panel:
    """The page's server. read_state() -> awaitable of the answer to `state`."""

    def __init__(self, read_state):
        self._read_state = read_state
        self._server = None
        self.port = None

    async def start(self, port):
        """Listen on 127.0.0.1. Raises OSError."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=_HEAD_MAX)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self):
        """Stop listening."""
        if self._server:
            self._server.close()

    async def _serve(self, reader, writer):
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _TIMEOUT_S)
            writer.write(await self._respond(head))
            await asyncio.wait_for(writer.drain(), _TIMEOUT_S)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a browser that went away, or no browser at all
        finally:
            writer.close()

    async def _respond(self, head):
        method, _, rest = head.partition(b" ")
        path = rest.partition(b" ")[0]
        if method != b"GET":
            return _response("405 Method Not Allowed", "text/plain", "GET only\n")
        if path == b"/state":
            return _response("200 OK", "application/json", json.dumps(await self._read_state()))
        if path == b"/":
            return _response("200 OK", "text/html", page(await self._read_state()))
        return _response("404 Not Found", "text/plain", "no such page\n")


def page(state):
    """The page for one answer of `state`; every text in it is escaped."""
    if not state.get("ok"):
        return _PAGE.format(body=f"<p>{html.escape(str(state.get('error')))}</p>")
    connectors = state.get("connectors", [])
    plain = {key: value for key, value in state.items() if key not in ("ok", "connectors")}
    sections = [_table("Charger", plain)]
    for connector in connectors:
        sections.append(_table(f"Connector {connector.get('connector')}", connector))
    return _PAGE.format(body="".join(sections))


def _table(title, values):
    rows = "".join(
        f"<tr><th>{html.escape(str(key))}</th><td>{html.escape(_text(value))}</td></tr>"
        for key, value in values.items()
    )
    return f"<section><h2>{html.escape(title)}</h2><table>{rows}</table></section>"


def _text(value):
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(part)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(_text(part) for part in value) or "none"
    return "none" if value is None else str(value)


def _response(status, kind, text):
    body = text.encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}; charset=utf-8\r\nConnection: close\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n\r\n"
    )
    return head.encode() + body
