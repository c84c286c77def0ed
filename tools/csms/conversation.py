"""The rules of OCPP-J that need memory: who asked what, one CALL at a time, ids used once."""

from collections import OrderedDict

from tools.csms.frames import CALL, CENTRAL_SYSTEM, CHARGE_POINT, RESULT, check_payload, read
from tools.csms.status_pairs import StatusPairs

_REMEMBERED_IDS = 100_000
_TIMED_OUT_S = 20.0  # after that the sender of a CALL may have given up waiting


class Conversation:
    """Everything that one charge point and its central system say to each other.

    `flow`: whether to judge the flow too. A trace from inside the charge point does not tell where
    a connection was lost; there only the frames themselves can be judged.
    """

    def __init__(self, cp="", flow=True):
        self._cp = cp
        self._flow = flow
        self._open = {CHARGE_POINT: {}, CENTRAL_SYSTEM: {}}  # id -> (action, time_s)
        self._used = OrderedDict()  # id of the charge point's CALL -> its text
        self._statuses = StatusPairs()

    def add(self, sender, text, time_s, deliberate=False):
        """Take one frame; returns it with all its problems.

        deliberate: the sender breaks rules on purpose, so that only the answer is judged.
        """
        frame = read(sender, text)
        frame.cp, frame.time_s = self._cp, time_s
        if frame.kind == CALL:
            self._on_call(frame)
        elif frame.kind is not None:
            self._on_answer(frame)
        if deliberate:
            frame.problems.clear()
        return frame

    def forgive(self, message_id):
        """This CALL of the charge point is never answered; it does not count as open."""
        self._open[CHARGE_POINT].pop(message_id, None)

    def connection_lost(self):
        """Neither side answers CALLs of a connection that is gone."""
        for calls in self._open.values():
            calls.clear()
        self._statuses.begin()

    def _on_call(self, frame):
        if frame.action is not None:
            check_payload(frame, frame.action)
        if frame.id is None:
            return
        mine = self._open[frame.sender]
        if self._flow:
            for other, (action, time_s) in mine.items():
                if frame.time_s - time_s < _TIMED_OUT_S:
                    frame.problems.append(f"a CALL while {action} {other} is not answered")
        if frame.sender == CHARGE_POINT:
            self._check_reuse(frame)
            self._check_status(frame)
        mine[frame.id] = (frame.action, frame.time_s)

    def _check_status(self, frame):
        """A change of status that OCPP 1.6 does not know; of one connection, see `flow`."""
        if frame.action == "StatusNotification" and self._flow and not frame.problems:
            problem = self._statuses.hear(frame.payload["connectorId"], frame.payload["status"])
            if problem:
                frame.problems.append(problem)

    def _on_answer(self, frame):
        asker = CENTRAL_SYSTEM if frame.sender == CHARGE_POINT else CHARGE_POINT
        call = self._open[asker].pop(frame.id, None)
        if call is None:
            if self._flow:
                frame.problems.append("an answer to no open CALL")
            return
        frame.action = call[0]
        if frame.kind == RESULT and frame.action is not None:
            check_payload(frame, frame.action)

    def _check_reuse(self, frame):
        """An id comes again only with the same content: a message sent once more."""
        before = self._used.get(frame.id)
        if before is not None and before != frame.text:
            frame.problems.append(f"message id {frame.id} was used for another message")
        self._used[frame.id] = frame.text
        if len(self._used) > _REMEMBERED_IDS:
            self._used.popitem(last=False)
