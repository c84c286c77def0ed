"""The Authorize call: asks the central system about the id token that the authoriser wonders at.

The decision itself (local list, cache, offline rules) is not made here.
"""


class Authorize:
    """Source of Authorize calls, one token at a time. Nothing is kept for later."""

    def __init__(self, ctx):
        """`ctx`: authorizer."""
        self._authorizer = ctx.authorizer
        self._id_token = None

    def next_call(self, _now):
        """Return the Authorize for the token that waits, if any."""
        self._id_token = self._authorizer.pending_token()
        if self._id_token is None:
            return None
        return "Authorize", {"idTag": self._id_token}, None

    def on_result(self, now, payload):
        """Hand over what the central system says about the token."""
        self._authorizer.on_authorize(now, self._id_token, payload["idTagInfo"])

    def on_error(self, now, _code, _description):
        """A refused call is no authorisation."""
        self._authorizer.on_authorize(now, self._id_token, None)

    def on_lost(self, now):
        """No answer is no authorisation; the authoriser may apply its offline rules."""
        self._authorizer.on_authorize(now, self._id_token, None)
