"""One charge point as the central system sees it, across its connections."""

import asyncio
import contextlib
import json
import time

from websockets.exceptions import ConnectionClosed

from tools.csms.answers import NO_ANSWER, CallError, Delayed, ordinary
from tools.csms.conversation import Conversation
from tools.csms.frames import CALL, CENTRAL_SYSTEM, CHARGE_POINT, ERROR

_TRIGGERS = ("TriggerMessage", "ExtendedTriggerMessage")


class Station:
    """Answers the CALLs of one charge point and sends it ours, one at a time.

    central: the CentralSystem; it owns books, tags, overrides and the list of frames.
    """

    def __init__(self, cp, central):
        self.cp = cp
        self.registration = None  # the status of the latest BootNotification answer
        self.status = {}  # connector -> latest status
        self._central = central
        self._conversation = Conversation(cp)
        self._connection = None
        self._calls = {}  # id of our CALL -> future
        self._one_call = asyncio.Lock()
        self._number = 0
        self._answering = set()
        self._triggered = set()

    @property
    def is_connected(self):
        """Whether a connection is open."""
        return self._connection is not None

    async def attach(self, connection):
        """A handshake succeeded; an older connection of the same charge point is dead."""
        older, self._connection = self._connection, connection
        if older is not None:
            self._forget()
            older.transport.abort()
        self._central.say(self.cp, "connected")
        self._central.pulse()

    def detach(self, connection):
        """A connection ended."""
        if connection is not self._connection:
            return
        self._connection = None
        self._forget()
        code = connection.close_code
        self._central.say(self.cp, f"disconnected ({code})")
        self._central.pulse()

    async def drop(self, code):
        """End the connection, see `CentralSystem.drop`."""
        if code is None:
            self._connection.transport.abort()
        else:
            await self._connection.close(code)

    async def call(self, action, payload, timeout_s):
        """Send a CALL, wait for its answer. Raises CallError, TimeoutError, ConnectionError."""
        async with self._one_call:
            self._number += 1
            message_id = f"cs-{self._number}"
            future = asyncio.get_running_loop().create_future()
            self._calls[message_id] = future
            if action in _TRIGGERS:
                self._triggered.add(payload.get("requestedMessage"))
            try:
                await self.send(_pack([CALL, message_id, action, payload]))
                return await asyncio.wait_for(future, timeout_s)
            except TimeoutError:
                raise TimeoutError(f"{self.cp} did not answer {action} in {timeout_s} s") from None
            finally:
                self._calls.pop(message_id, None)

    async def send(self, text, deliberate=False):
        """Send a frame. Raises ConnectionError."""
        if self._connection is None:
            raise ConnectionError(f"{self.cp} is not connected")
        frame = self._conversation.add(CENTRAL_SYSTEM, text, time.monotonic(), deliberate)
        self._central.record(frame, deliberate)
        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise ConnectionError(f"{self.cp} is gone") from error

    async def send_bytes(self, data, text):
        """Send bytes that are no frame of OCPP-J. Raises ConnectionError."""
        if self._connection is None:
            raise ConnectionError(f"{self.cp} is not connected")
        await self._connection.send(data, text=text)

    async def receive(self, text):
        """Take a frame of the charge point."""
        frame = self._conversation.add(CHARGE_POINT, text, time.monotonic())
        if frame.kind == CALL and frame.action is not None:
            self._check_registration(frame)
        frame.settled = frame.kind != CALL
        self._central.record(frame)
        if frame.kind == CALL:
            if frame.id is not None:
                await self._begin_answer(frame)
            frame.settled = True
            self._central.pulse()
        elif frame.id in self._calls:
            future = self._calls[frame.id]
            if future.done():
                return
            if frame.kind == ERROR:
                future.set_exception(CallError(frame.code, frame.description, frame.payload))
            else:
                future.set_result(frame.payload)

    async def _begin_answer(self, frame):
        """Decide and book now, in the order of arrival; a delayed answer is sent later."""
        answer, delay_s = self._decide(frame), 0
        if isinstance(answer, Delayed):
            answer, delay_s = answer.answer, answer.seconds
        if answer is NO_ANSWER:
            self._conversation.forgive(frame.id)
            return
        if not delay_s:
            await self._answer(frame, answer, 0, self._connection)
            return
        task = asyncio.create_task(self._answer(frame, answer, delay_s, self._connection))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, frame, answer, delay_s, connection):
        if delay_s:
            await asyncio.sleep(delay_s)
        if connection is not self._connection:
            return  # an answer to a CALL of an earlier connection is none
        if isinstance(answer, CallError):
            text = _pack([ERROR, frame.id, answer.code, answer.description, answer.details])
        else:
            if frame.action == "BootNotification":
                self.registration = answer["status"]
            text = _pack([3, frame.id, answer])
        with contextlib.suppress(ConnectionError):
            await self.send(text)

    def _decide(self, frame):
        """The answer: a payload, CallError, NO_ANSWER or Delayed around one of them."""
        if frame.problems and not self._is_answerable(frame):
            code = (
                "NotImplemented"
                if "is no action of" in frame.problems[0]
                else "FormationViolation"
            )
            return CallError(code, frame.problems[0][:255])
        central = self._central
        override = central.overrides.take(self.cp, frame.action, frame.payload)
        if isinstance(override, Delayed):
            return Delayed(override.seconds, self._complete(frame, override.answer))
        return self._complete(frame, override)

    def _complete(self, frame, override):
        """Book the message and fill the override up to a whole answer."""
        if isinstance(override, CallError):
            return override
        central = self._central
        answer = ordinary(frame.action, frame.payload, central.tags, central.settings.interval_s)
        known = len(central.books.anomalies)
        self._book(frame, answer)
        for anomaly in central.books.anomalies[known:]:
            central.say(self.cp, f"BOOKS: {anomaly.text} ({anomaly.code})")
        if override is NO_ANSWER:
            return NO_ANSWER
        answer.update(override or {})
        return answer

    def _book(self, frame, answer):
        books, payload = self._central.books, frame.payload
        if frame.action == "StartTransaction":
            answer["transactionId"] = books.start(self.cp, frame.id, payload).id
        elif frame.action == "StopTransaction":
            books.stop(self.cp, frame.id, payload)
        elif frame.action == "MeterValues":
            books.meter_values(self.cp, frame.id, payload)
        elif frame.action == "StatusNotification":
            self.status[payload["connectorId"]] = payload["status"]

    def _is_answerable(self, frame):
        """Problems of the flow, not of the message: its content is still good."""
        flow = ("a CALL while", "message id ", "before it was", "status ", "connector 0 ")
        return all(problem.startswith(flow) for problem in frame.problems)

    def _check_registration(self, frame):
        """OCPP 1.6 4.2: before it is accepted, a charge point only says what it was asked for."""
        if frame.action == "BootNotification" or self.registration == "Accepted":
            return
        if self.registration is None:
            if self._central.settings.expect_boot:
                frame.problems.append(f"before it was booted: {frame.action}")
        elif self.registration == "Rejected" or frame.action not in self._triggered:
            frame.problems.append(f"before it was accepted: {frame.action}")

    def _forget(self):
        """What was open on a lost connection stays unanswered."""
        self._conversation.connection_lost()
        for future in self._calls.values():
            if not future.done():
                future.set_exception(ConnectionError(f"{self.cp} disconnected"))


def _pack(message):
    return json.dumps(message, separators=(",", ":"))
