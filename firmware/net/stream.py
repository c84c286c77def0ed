"""One TCP or TLS connection for a shell: open, read, write, close. No policy.

TLS verifies: the chain against the given authority, the validity period and the host name.
"""

import asyncio


class Stream:
    """An open connection. `close` always frees the socket, whatever state it is in."""

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer
        self._writing = False

    async def read(self, view):
        """Return what has arrived, nothing at the end of the stream. Raises OSError.

        view: a memoryview that may be read into. A heap in use for months has no large piece left.
        """
        if not hasattr(self._reader, "readinto"):
            # CPython's.
            return await self._reader.read(len(view))
        count = None
        while count is None:
            count = await self._reader.readinto(view)
        return view[:count]

    async def flush(self, source):
        """Write all that `source()` gives until it gives None. A second caller leaves at once:
        the first takes its data along."""
        if self._writing:
            return
        self._writing = True
        try:
            data = source()
            while data is not None:
                self._writer.write(data)
                await self._writer.drain()
                data = source()
        finally:
            self._writing = False

    async def close(self):
        """Close the socket; errors of a broken connection are no news here."""
        try:
            self._writer.close()
            await self._writer.wait_closed()
        except OSError:
            pass


def tls_context(authority):
    """Return a context that verifies servers against `authority` (PEM or DER bytes).

    Raises ValueError if there is none, or it is no certificate.
    """
    if not authority:
        raise ValueError("wss:// needs the certificate of the authority that signed the server's")
    try:
        import tls
    except ImportError:
        # CPython's name of the same thing.
        import ssl as tls  # type: ignore[no-redef]

    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED  # type: ignore[attr-defined]  # the stubs lack it
    if hasattr(tls, "MBEDTLS_VERSION"):
        context.load_verify_locations(authority)
    else:
        context.load_verify_locations(cadata=authority.decode())
    return context


async def connect(host, port, tls_context):
    """Open a connection. Raises OSError; with TLS also ValueError with the certificate's fault."""
    if tls_context is None:
        reader, writer = await asyncio.open_connection(host, port)
    else:
        reader, writer = await asyncio.open_connection(
            host, port, ssl=tls_context, server_hostname=host
        )
    return Stream(reader, writer)
