"""What a CALLERROR says: the codes of OCPP-J 1.6 (4.2.3), in the spelling of 1.6."""

NOT_IMPLEMENTED = "NotImplemented"
NOT_SUPPORTED = "NotSupported"
INTERNAL = "InternalError"
PROTOCOL = "ProtocolError"
SECURITY = "SecurityError"
FORMATION = "FormationViolation"
PROPERTY = "PropertyConstraintViolation"
# With one r: OCPP-J 1.6 prints it so, and the peers compare literally. 2.x has two.
OCCURRENCE = "OccurenceConstraintViolation"
TYPE = "TypeConstraintViolation"
GENERIC = "GenericError"

_DESCRIPTION_MAX = 255


class OcppError(Exception):
    """A CALL is to be answered with CALLERROR.

    code: one of the constants above. description: English, cut at 255 characters (the limit
    of OCPP-J 4.2.3).
    """

    def __init__(self, code, description=""):
        super().__init__(code)
        self.code = code
        self.description = clip(description)


def clip(description):
    """Return the text cut to what errorDescription may hold."""
    return description if len(description) <= _DESCRIPTION_MAX else description[:_DESCRIPTION_MAX]
