"""A central system in a thread of its own, for programs that are not written with asyncio."""

import asyncio
import threading

from tools.csms.server import CentralSystem

_START_TIMEOUT_S = 10
_MARGIN_S = 5


class BackgroundCentral:
    """Runs a CentralSystem; the same arguments, the same methods, but they block.

    `central` is the CentralSystem itself: its lists and books may be read at any time.
    """

    def __init__(self, **arguments):
        self._arguments = arguments
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.central = None

    def __enter__(self):
        self._thread.start()
        self.run(self._open(), _START_TIMEOUT_S)
        return self

    def __exit__(self, *_exception):
        self.run(self.central.__aexit__(None, None, None), _START_TIMEOUT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_TIMEOUT_S)
        self._loop.close()

    def run(self, coroutine, timeout_s=None):
        """Run a coroutine on the central system's loop and return its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout_s)

    def call(self, cp, action, payload=None, timeout_s=30):
        """See CentralSystem.call."""
        return self.run(self.central.call(cp, action, payload, timeout_s), timeout_s + _MARGIN_S)

    def wait_for_action(self, action, where=None, *, cp=None, since=0, timeout_s=10):
        """See CentralSystem.wait_for_action."""
        waiting = self.central.wait_for_action(
            action, where, cp=cp, since=since, timeout_s=timeout_s
        )
        return self.run(waiting, timeout_s + _MARGIN_S)

    def wait_for_connection(self, cp=None, timeout_s=10):
        """See CentralSystem.wait_for_connection."""
        return self.run(self.central.wait_for_connection(cp, timeout_s), timeout_s + _MARGIN_S)

    def send_raw(self, cp, text):
        """See CentralSystem.send_raw."""
        self.run(self.central.send_raw(cp, text), _MARGIN_S)

    def send_bytes(self, cp, data, text=False):
        """See CentralSystem.send_bytes."""
        self.run(self.central.send_bytes(cp, data, text), _MARGIN_S)

    def drop(self, cp, code=None):
        """See CentralSystem.drop."""
        self.run(self.central.drop(cp, code), _MARGIN_S)

    def answer(self, action, answer, times=None):
        """See CentralSystem.answer."""
        self.central.answer(action, answer, times)

    def mark(self):
        """See CentralSystem.mark."""
        return self.central.mark()

    async def _open(self):
        self.central = await CentralSystem(**self._arguments).__aenter__()
