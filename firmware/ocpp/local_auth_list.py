"""Local Auth List profile: the central system's list of id tokens (OCPP 1.6 5.10 and 5.15).

A long SendLocalList does not fit into the heap. `Staging` takes its entries while they arrive
(see lib/jsonstream.py); what is left is a SendLocalList with an empty list, and the handler looks
whether entries are waiting for just this call. Short ones come with their entries as usual.
"""

from micropython import const

import ocpp16
import rfc3339
import shape
from ocpp16.local_auth_list import REQUESTS, RESULTS  # noqa: F401  for the client
from ocppj import errors, jsontext

FEATURE = "LocalAuthListManagement"
_ACTION = "SendLocalList"
_MEMBER = "localAuthorizationList"
# A frame of 400 entries with all fields in full length has some 80 KB.
MESSAGE_MAX = const(131_072)

_HEAD_BYTES_MAX = const(1024)
_ENTRY_BYTES_MAX = const(512)
_ENTRIES_PER_CALL = const(400)
# So much is done at a time; the rest on the next ticks, so that nothing else has to wait long.
_RECORDS_PER_STEP = const(64)

# OCPP 1.6 9.2.
KEYS = """
LocalAuthListEnabled bool rw true
LocalAuthListMaxLength int r 1000
SendLocalListMaxLength int r 400
"""


def get_version(ctx, _now, _payload):
    """Report the version; -1 while the list is switched off (TC_042_1_CS)."""
    enabled = ctx.config.get("LocalAuthListEnabled")
    return {"listVersion": ctx.local_list.version if enabled else -1}


def send_list(ctx, now, payload):
    """Replace or change the list; all of it or nothing."""
    update = ctx.staging.take(ctx.rpc.newest)
    if not ctx.config.get("LocalAuthListEnabled"):
        return {"status": "NotSupported"}
    version = payload["listVersion"]
    is_full = payload["updateType"] == "Full"
    # 5.10: 0 and -1 have a meaning of their own, so no list can have them.
    if version <= 0:
        return {"status": "Failed"}
    if not is_full and version <= ctx.local_list.version:
        return {"status": "VersionMismatch"}
    entries = payload.get(_MEMBER) or ()
    if update is None or entries:
        update = ctx.local_list.update()
        for entry in entries:
            stage(update, entry)
    if update.entries > _ENTRIES_PER_CALL:
        update.abort()
        return {"status": "Failed"}
    update.commit(version, is_full)
    committing = _Committing(ctx, update)
    return committing.poll(now) or committing


class _Committing:
    """The answer to SendLocalList while the new list is being written."""

    def __init__(self, ctx, update):
        self._ctx = ctx
        self._update = update

    def poll(self, _now):
        """Do some of the work; returns the payload when it is done, else None."""
        done = self._update.step(_RECORDS_PER_STEP)
        if done is None:
            return None
        if done:
            self._ctx.authorizer.list_conflict = False
        return {"status": "Accepted" if done else "Failed"}

    def expired(self):
        """Return the payload when it took too long."""
        self._update.abort()
        return {"status": "Failed"}


HANDLERS = {"GetLocalListVersion": get_version, _ACTION: send_list}


def stage(update, entry):
    """Add one AuthorizationData, its shape checked, to an update of the list."""
    info = entry.get("idTagInfo")
    if info is None:
        update.add(entry["idTag"], None)
        return
    expiry = info.get("expiryDate") or entry.get("expiryDate")
    expires_s = rfc3339.parse_or_floor(expiry)[0] if expiry else None
    parent = info.get("parentIdTag") or entry.get("parentIdTag")
    update.add(entry["idTag"], (info["status"], parent, expires_s))


class Staging:
    """Takes the entries of a long SendLocalList: the sink of a jsonstream.Diverter."""

    MEMBER = _MEMBER

    def __init__(self, local_list):
        self._list = local_list
        self._message_id = None
        self._update = None
        self._error = None
        self._shape = None

    def begin(self, head):
        """A long message has come to the list; returns True if it is a SendLocalList."""
        self._message_id = None
        frame = _loads(head, _HEAD_BYTES_MAX)
        if not isinstance(frame, list) or len(frame) != 4 or frame[2] != _ACTION:
            return False
        if frame[0] != 2 or not isinstance(frame[1], str):
            return False
        self._message_id = frame[1]
        self._update = self._list.update()
        self._error = None
        for name, _, _, detail in ocpp16.find(REQUESTS, _ACTION):
            if name == _MEMBER:
                self._shape = detail[3]
        return True

    def item(self, data):
        """Take one entry (bytes of JSON, None if far too long for one)."""
        # Once it is clear that the update fails, the rest is only counted.
        if self._error is not None or self._update.entries > _ENTRIES_PER_CALL:
            return
        index = self._update.entries
        entry = None if data is None else _loads(data, _ENTRY_BYTES_MAX)
        try:
            if entry is None:
                raise errors.OcppError(errors.FORMATION, "entry: no JSON, or too long")
            shape.check(self._shape, entry)
        except errors.OcppError as error:
            text = "%s[%d].%s" % (_MEMBER, index, error.description)
            self._error = errors.OcppError(error.code, text)
            self._update.abort()
            return
        stage(self._update, entry)

    def take(self, message_id):
        """Return the update that was filled by the call `message_id`, None if there is none.

        Raises the OcppError of a wrong entry.
        """
        if message_id is None or message_id != self._message_id:
            return None
        self._message_id = self._shape = None
        update, self._update = self._update, None
        if self._error is not None:
            raise self._error
        return update


def _loads(data, bytes_max):
    try:
        return jsontext.loads(str(data, "utf-8"), bytes_max)
    except ValueError:
        return None
