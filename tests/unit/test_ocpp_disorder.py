"""The OCPP client in random order of events: what has to hold whatever happens."""

import json
import unittest

from tests.sim.ocpp_bench import TIME, Bench

_STATUSES = ("Available", "Preparing", "Charging", "SuspendedEV", "Finishing", "Faulted")
_REGISTRATIONS = ("Accepted", "Accepted", "Pending", "Rejected")
_CALLS = (
    ("GetConfiguration", '{"key":["HeartbeatInterval"]}'),
    ("ChangeConfiguration", '{"key":"HeartbeatInterval","value":"20"}'),
    ("ChangeConfiguration", '{"key":"MinimumStatusDuration","value":"1"}'),
    ("RemoteStartTransaction", '{"idTag":"A"}'),
    ("UnlockConnector", '{"connectorId":1}'),
    ("Nonsense", "{}"),
    ("Reset", '{"type":7}'),
)


class _World:
    """A central system and a line of bad manners, driven by one seed."""

    def __init__(self, seed):
        self.state = seed
        self.bench = Bench(2)
        self.bench.ctx.station.verdict = None
        self.queue = self.bench.ctx.transactions
        self.open = None  # (id, action) of the client's call
        self.owed = []  # ids that the client has to answer on this connection
        self.calls = 0
        self.finished = 0

    def pick(self, count):
        """Return 0..count - 1."""
        self.state = (self.state * 75 + 74) % 65_537
        return self.state * count // 65_537

    def step(self):
        """Let one thing happen, then look at everything the client sends."""
        (
            self._toggle_line,
            self._change_status,
            self._queue_message,
            self._answer,
            self._answer,
            self._call,
            self._rubbish,
            self._unlock,
            self._wait,
        )[self.pick(9)]()
        self.bench.run(0.1)
        self._take_all()

    def _toggle_line(self):
        if self.pick(3):
            return
        client = self.bench.client
        if client.connected:
            self.bench.disconnect()
            self.open = None
            self.owed = []
        else:
            self.bench.connect()

    def _change_status(self):
        self.bench.ctx.station.show(self.pick(3), _STATUSES[self.pick(6)])

    def _queue_message(self):
        self.queue.calls.append(("MeterValues", {}, None))

    def _answer(self):
        if self.open is None:
            return
        _, action = self.open
        self.open = None
        if self.pick(5) == 0:
            self.bench.error("GenericError")
        elif self.pick(5) == 0:
            self.bench.result({"idTagInfo": 3, "currentTime": 7})
        elif action == "BootNotification":
            self.bench.boot_result(_REGISTRATIONS[self.pick(4)], self.pick(10))
        else:
            self.bench.result({"currentTime": TIME} if action == "Heartbeat" else {})

    def _call(self):
        if self.bench.client.connected:
            action, payload = _CALLS[self.pick(7)]
            self.calls += 1
            message_id = "c%d" % self.calls
            if self.bench.client.registration != "Rejected":
                self.owed.append(message_id)
            text = '[2,"%s","%s",%s]' % (message_id, action, payload)
            self.bench.client.receive(self.bench.now, text)

    def _rubbish(self):
        if self.bench.client.connected:
            text = ("", "[3]", '[3,"late",{}]', '[4,"late","A","",{}]', "[5,1]")[self.pick(5)]
            self.bench.client.receive(self.bench.now, text)

    def _unlock(self):
        self.bench.ctx.station.unlocked = (None, "Unlocked")[self.pick(2)]

    def _wait(self):
        self.bench.run(self.pick(70))
        if not self.bench.rpc.idle:
            return
        self.open = None  # timed out

    def _take_all(self):
        client = self.bench.client
        while True:
            text = client.next_text(self.bench.now)
            if text is None:
                break
            assert client.connected
            frame = json.loads("".join(text))
            if frame[0] != 2:
                self.owed.remove(frame[1])
                continue
            assert self.open is None, "two calls are open"
            self.open = frame[1], frame[2]
            self.bench.open_id = frame[1]
            if client.registration != "Accepted":
                assert frame[2] == "BootNotification", frame
        if client.wants_close:
            self.bench.disconnect()
            self.open = None
            self.owed = []


class DisorderTest(unittest.TestCase):
    def test_whatever_happens_the_rules_hold(self):
        # One call open, every call answered once, nothing but boot before the registration.
        for seed in range(1, 13):
            world = _World(seed * 1_021)
            for _ in range(250):
                world.step()
            self.assertEqual(world.bench.client.crashes, 0)
            world.bench.ctx.station.unlocked = "Unlocked"
            for _ in range(4):
                world.bench.run(0.1)
                world._take_all()
            if world.bench.client.registration != "Rejected":
                self.assertEqual(world.owed, [], "seed %d" % seed)

    def test_after_healing_everything_is_delivered(self):
        # A central system that behaves again gets the queue and the current states.
        for seed in range(1, 9):
            world = _World(seed * 3_001)
            for _ in range(150):
                world.step()
            bench = world.bench
            bench.ctx.config.set("MinimumStatusDuration", "0")
            if bench.client.connected:
                bench.disconnect()
            bench.connect()
            bench.ctx.boot.request()
            self.assertEqual(bench.sent_call()[0], "BootNotification")
            bench.boot_result("Accepted", 60)
            calls = bench.drain()
            self.assertEqual(world.queue.calls, [])
            shown = {}
            for action, payload in calls:
                if action == "StatusNotification":
                    shown[payload["connectorId"]] = payload["status"]
            station = bench.ctx.station
            expected = [station.status0] + [one.status for one in station.connectors]
            self.assertEqual([shown.get(number) for number in range(3)], expected)
