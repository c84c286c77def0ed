"""WebSocket client (RFC 6455) without I/O: bytes and time in, bytes and events out.

`websock.client.Client` is what a shell drives; `frames` and `handshake` are its parts. The name
differs from MicroPython's built-in module `websocket`, which neither masks nor checks.
"""
