"""Malformed input to a whole charger in one process: `fuzz_plant.py SEED FIRST COUNT`.

Runs on both interpreters. Prints one JSON object: {"done": N, "grown": bytes} or {"failed": text,
"number": N}. Number N of a seed is always the same input; what the charger went through before
it is not, so a failure is repeated with the numbers from FIRST on.
"""

import binascii
import gc
import hashlib
import json
import sys

from tests.sim import frames, mutate
from tests.sim.plant import Plant
from tests.sim.prng import Prng
from websock.client import Client as WebSocket

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_FORMATION = "FormationViolation"
_SHAPES = (_FORMATION, "TypeConstraintViolation", "PropertyConstraintViolation",
           "OccurenceConstraintViolation")
_CODES = _SHAPES + ("NotImplemented", "NotSupported", "InternalError", "ProtocolError",
                    "SecurityError", "GenericError")
_KNOWN = [action for action, _ in mutate.CALLS]
_TEXT_MAX = 16384
_RUN_EVERY = 40
_BATCH = 2000
# The first batches fill what is allocated once and kept.
_WARM = 3


class Wrong(Exception):
    """The charger did what it must not."""


class Fuzz:
    """One charger that is fed."""

    def __init__(self, seed):
        self._seed = seed
        self.plant = Plant()
        self._answers = []
        self._socket = None
        self._start()

    def _start(self):
        plant = self.plant
        plant.run_until(lambda: plant.app.client.online)
        plant.run(1500)

    def feed(self, number):
        """Give it the input of one number, and look at what it says. Raises Wrong."""
        chance = Prng(self._seed * 1_000_003 + number * 7919 + 1)
        chance.u32()
        kind = chance.below(10)
        if kind < 6:
            frame, text = mutate.structured(chance)
            self._judge(frame, text, self._said(text))
        elif kind < 8:
            text = mutate.text(chance)
            self._judge_any(text, self._said(text))
        else:
            data = mutate.octets(chance)
            for text in self._texts(data):
                self._judge_any(text, self._said(text))
        if number % _RUN_EVERY == 0:
            self._rest(chance)

    def _rest(self, chance):
        plant = self.plant
        plant.csms.answers = {}
        for action in ("Heartbeat", "StatusNotification", "Authorize"):
            if chance.chance(200):
                answer = json.loads(chance.choice(mutate.CALLS)[1])
                plant.csms.answers[action] = answer
        plant.run(50)
        client = plant.app.client
        if client.crashes:
            raise Wrong("a handler crashed: %r" % client.last_crash)
        if plant.violations:
            raise Wrong("violated: %r" % plant.violations[0])
        if not client.online:
            plant.csms.answers = {}
            self._start()

    def tidy(self):
        """Back to the defaults; forget what the test itself has collected."""
        plant = self.plant
        for name in [row[0] for row in plant.app.config.rows()]:
            plant.app.config.reset(name)
        plant.app.client.receive(plant.time.now, '[2,"tidy","ClearChargingProfile",{}]')
        plant.events.clear()
        csms = plant.csms
        csms.log.clear()
        csms._seen.clear()
        csms._results.clear()
        plant.run(100)

    def _said(self, text):
        """Return the answers that follow a text at once; calls of the charger are served."""
        plant = self.plant
        client, now = plant.app.client, plant.time.now
        client.receive(now, text)
        answers = []
        said = client.next_text(now)
        while said is not None:
            said = "".join(said)
            message = json.loads(said)
            if message[0] == 2:
                for answer in plant.csms.receive(said):
                    client.receive(now, answer)
            else:
                answers.append(message)
            said = client.next_text(now)
        return answers

    def _texts(self, data):
        """The texts that a WebSocket makes of bytes."""
        socket = self._socket
        if socket is None:
            socket = self._socket = _open_socket()
        now = self.plant.time.now
        socket.receive(now, data)
        texts = []
        event = socket.next_event()
        while event is not None:
            if event[0] == "text":
                texts.append(event[1])
            elif event[0] in ("closed", "failed"):
                self._socket = None
            event = socket.next_event()
        while socket.data_to_send() is not None:
            pass
        return texts

    def _judge_any(self, text, answers):
        if len(answers) > 1:
            raise Wrong("%d answers to %r" % (len(answers), text))
        for answer in answers:
            error = answer[0] == 4 and len(answer) == 5 and answer[4] == {}
            if error and answer[2] in _CODES and len(answer[3]) <= 255:
                continue
            if answer[0] != 3 or len(answer) != 3 or not isinstance(answer[2], dict):
                raise Wrong("%r answers %r" % (answer, text))

    def _judge(self, frame, text, answers):
        self._judge_any(text, answers)
        wanted = _wanted(frame, text)
        got = None if not answers else "result" if answers[0][0] == 3 else answers[0][2]
        if got not in wanted:
            raise Wrong("%r instead of %r answers %s" % (got, wanted, text))
        if answers and answers[0][1] != frame[1]:
            raise Wrong("wrong id: %r answers %s" % (answers[0], text))


def _wanted(frame, text):
    """Return what may answer a frame: codes, "result", None for silence."""
    if len(text) > _TEXT_MAX or _depth(frame) > 16:
        return (None, _FORMATION)
    if len(frame) < 2 or isinstance(frame[0], bool) or frame[0] != 2 or frame[0] == "2":
        return (None,)
    if not isinstance(frame[0], int):
        return (None,)
    if not isinstance(frame[1], str) or len(frame[1]) > 255:
        return (None,)
    if len(frame) == 3:
        return ("ProtocolError",)
    if len(frame) != 4 or not isinstance(frame[2], str):
        return (_FORMATION,)
    if frame[3] is not None and not isinstance(frame[3], dict):
        return (_FORMATION,)
    if frame[2] not in _KNOWN:
        # Messages of the other direction are known, too.
        return ("NotImplemented", "NotSupported")
    if frame[2] == "UnlockConnector":
        return (None, "result", "GenericError") + _SHAPES
    return ("result", "NotSupported") + _SHAPES


def _depth(value):
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list):
        return 0
    return 1 + max([_depth(item) for item in value] or [0])


def _open_socket():
    socket = WebSocket("fuzz", 80, "/", "ocpp1.6", random=lambda count: b"\x5a" * count)
    socket.start(0)
    request = bytes(socket.data_to_send())
    key = request.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
    accept = binascii.b2a_base64(hashlib.sha1(key + _GUID).digest()).strip()
    socket.receive(0, b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      b"Sec-WebSocket-Protocol: ocpp1.6\r\nSec-WebSocket-Accept: " + accept +
                      b"\r\n\r\n")
    socket.next_event()
    return socket


def _heap():
    gc.collect()
    return gc.mem_alloc() if hasattr(gc, "mem_alloc") else 0


def main(seed, first, count):
    """Feed `count` inputs; returns what is printed."""
    # What we answer is wrong on purpose; only the charger's frames are to be valid.
    note = frames.note
    frames.note = lambda direction, text: note(direction, text) if direction == "out" else None
    fuzz = Fuzz(seed)
    heaps = []
    number = first
    try:
        for number in range(first, first + count):
            fuzz.feed(number)
            if number % _BATCH == _BATCH - 1:
                fuzz.tidy()
                heaps.append(_heap())
    except Wrong as wrong:
        return {"failed": str(wrong)[:2000], "number": number}
    finally:
        fuzz.plant.close()
    kept = heaps[_WARM:]
    half = len(kept) // 2
    grown = min(kept[half:]) - min(kept[:half]) if half else 0
    return {"done": count, "grown": grown}


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
