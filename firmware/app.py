"""The composition root: builds every part, gives each what it needs, runs the ticks.

It decides nothing. `App.__init__` and its steps, read top to bottom, show who knows whom, `tick`
in which order things happen. The guard runs from the board's timer, all else from asyncio tasks.
"""

import asyncio
import gc
import sys

from micropython import const

import firmware.preload  # noqa: F401  isort: split
import ticks
from firmware import boot_record, device_keys, profiles
from firmware.access import Access
from firmware.auth.authorizer import Authorizer
from firmware.auth.cache import Cache
from firmware.clock import Clock
from firmware.config import Config
from firmware.evse.connector import Connector
from firmware.evse.limiter import INSTALLATION
from firmware.evse.station import Station
from firmware.guard.guard import Guard
from firmware.guard.loop import GuardLoop
from firmware.ocpp import config_keys, core
from firmware.ocpp.authorize import Authorize
from firmware.ocpp.boot import Boot, Heartbeat
from firmware.ocpp.client import Client
from firmware.ocpp.metering import Metering
from firmware.ocpp.status import Status
from firmware.ocpp.transactions import Prompt, Transactions
from kvstore import KvStore
from log import Log
from ocppj.rpc import Rpc
from rfid.uid import uid_text

_GUARD_MS = const(10)
_TICK_MS = const(50)
_STEP_MS = const(10)
# A meter answers 4 ms after the request at 9600 baud, at the earliest.
_TURN_MS = const(3)
_FRAME_BYTES_MAX = const(16384)
_SAVE_TIME_MS = const(600_000)
_SETTLED_MS = const(5000)
# So long a reset waits for the central system to take the StopTransaction.
_RESET_PATIENCE_MS = const(5000)
_RESET_SETTLE_MS = const(500)
# So much may be allocated until the next collection. Seldom is good for the answers' times and for
# the guard; but what lives long must not come to lie all over a small heap, so most of it is made
# while collections are frequent.
_GC_BYTES_MAX = const(131072)
_GC_BYTES_MIN = const(1024)
_GC_SHARE_BOOT = const(24)
_GC_SHARE = const(2)
# 1 << row of firmware.evse.faults.TABLE
_CRASH_LOOP = const(1 << 10)
_STORAGE_LOST = const(1 << 11)

VERSION = "0.1.0"


class App:
    """The whole firmware on one board. `settings` as in firmware.access, or None.

    frame_trace(direction, text): called with every OCPP frame, if set before `run`.
    learn: while its Deadline runs, cards are shown in `learned` and mean nothing else.
    features: names of the optional profiles to load; None for all that are installed.
    """

    def __init__(self, board, settings, features=None):
        _collect_each(_GC_SHARE_BOOT)
        self.board = board
        self.log = Log()
        fs = board.fs
        self.settings = KvStore(fs, "/settings")
        self.last_run = boot_record.take(self.settings, board.crashed)
        self.clock = Clock(self.last_run.number, self.last_run.time_floor_s)
        self.profiles = profiles.installed(features)
        self.config = self._load_config()
        self.access = Access(self.settings, self.config, settings)
        id_prefix = boot_record.id_prefix(self.last_run, board.random)
        self.rpc = Rpc(max_bytes=_FRAME_BYTES_MAX, id_prefix=id_prefix)
        self.transactions = Transactions(fs, self.clock, self.config, self.rpc.new_id)
        self.local_list, self.staging = profiles.local_list(self)
        cache = Cache(KvStore(fs, "/cache"))
        self.authorizer = Authorizer(self.config, self.clock, cache, self.local_list)
        self.guards = [Guard() for _ in board.connectors]
        self.guard_loop = GuardLoop(board.connectors, self.guards, board, ticks)
        self.station = Station(self._connectors(), self)
        self.smart_charging = profiles.charging_limits(self)
        profiles.add_reservations(self)
        self.identity = board.identity(VERSION)
        self._build_ocpp()
        self.link = None
        self.frame_trace = None
        self.learn = ticks.Deadline()
        self.learned = None
        self.exit_reason = None
        self.crashes = 0
        self.lights = None
        self._link_task = None
        self._refused = None
        self._settled_by = ticks.Deadline()
        self._save_time = ticks.Deadline()
        self._reset_by = ticks.Deadline()
        self._settle = ticks.Deadline()
        self._packing = True

    def _load_config(self):
        board = self.board
        names = profiles.features(self.profiles)
        measurands = config_keys.MEASURANDS
        keys = config_keys.board_keys(len(board.connectors), measurands, names, board.tethered)
        device = device_keys.table(board.current_ma_max, board.phases, board.blocking_while_closed)
        tables = [config_keys.first, config_keys.rest, keys, device_keys.device, device]
        tables += [profile.KEYS for profile in self.profiles]
        tables.append(device_keys.declared(board.keys))
        config = Config(KvStore(board.fs, "/config"), tables)
        config.load()
        if any([port.phase_switch is not None for port in board.connectors]):
            config.fix("ConnectorSwitch3to1PhaseSupported", True)
        return config

    def _build_ocpp(self):
        """The parts of the protocol; each finds in the application what it needs."""
        self.authorize = Authorize(self)
        self.status = Status(self)
        self.heartbeat = Heartbeat(self)
        self.boot = Boot(self)
        # In this order they may speak when the line is free.
        prompt = Prompt(self.transactions, self.status)
        sources = (self.authorize, prompt, self.status, self.heartbeat, self.transactions)
        # The optional profiles before Core: they may refine it.
        self.triggered = profiles.triggered(self)
        self.client = Client(self, self.rpc, self.profiles + [core], sources, self.triggered)
        self.metering = Metering(self)
        self.station.lifecycle.on_end = self.metering.on_end
        self.transactions.listener = self._on_transaction_answer
        self.station.on_change = self._on_change

    def _build_link(self):
        from firmware.net.ocpp_link import OcppLink

        self.link = OcppLink(self.client, self.access, self, lambda: profiles.collector(self))
        self.link.trace = self.frame_trace
        self._link_task = asyncio.create_task(self._keep_link())

    def _connectors(self):
        connectors = []
        board = self.board
        for index, guard in enumerate(self.guards):
            connector = Connector(index + 1, guard, board)
            if self.last_run.crash_loop:
                connector.found = _CRASH_LOOP
            if not board.tethered:
                from firmware.evse.socket_side import SocketSide

                connector.socket = SocketSide(board.sockets[index])
            boot_record.restore_energy(self.settings, connector)
            connectors.append(connector)
        return connectors

    # Run.

    def start(self):
        """Start the guard's timer and take up what the last run left open."""
        now = self.board.ticks_ms()
        self.board.every(_GUARD_MS, self.guard_loop.step)
        for transaction in self.transactions.recover(now):
            self.station.interrupted(now, transaction, self.last_run.stop_reason)
            connector_id = transaction.connector_id
            self.log.warn("tx", "transaction on connector %d was cut off", connector_id)
        if self.access.ended:
            self.log.warn("net", "settings on trial: %s", self.access.ended)
        if self.board.lights or self.board.button:
            from firmware.local.lights import Lights

            self.lights = Lights(self)
        self._save_time.start(now, _SAVE_TIME_MS)
        self._settled_by.start(now, _SETTLED_MS)

    async def run(self):
        """Run until somebody wants a reset; returns why."""
        self.start()
        reader = self.board.reader
        line = self.board.line  # a meter's, with a direction, or None
        while self.exit_reason is None:
            self._try(self.tick)
            if self.link is None and self.access.url and self._may_connect():
                self._build_link()
            rest_ms = _TICK_MS
            while rest_ms > 0:
                # To read a card takes up to eight steps: at one each tick half a second.
                due = reader and reader.next_deadline()
                step_ms = rest_ms
                if line and line.listen(self.board.ticks_ms()):
                    step_ms = _TURN_MS
                elif due is not None:
                    step_ms = max(_STEP_MS, ticks.diff(due, self.board.ticks_ms()))
                await asyncio.sleep(min(step_ms, rest_ms) / 1000)
                rest_ms -= step_ms
                if rest_ms > 0:
                    self._try(self._reader)
        await self.stop()
        return self.exit_reason

    def _try(self, step):
        try:
            step(self.board.ticks_ms())
        # Broad: a mistake of ours must not end the firmware. The guard does not need us, and
        # opens by itself if the requests stay away.
        except Exception as error:  # noqa: BLE001
            self._crashed("tick", error)

    def _may_connect(self):
        # Not at once: the first status of a plugged connector must not be Available. But a pilot
        # that never settles is a reason to connect, too.
        return self.station.settled or self._settled_by.expired(self.board.ticks_ms())

    async def stop(self):
        """Close the connection in order; nothing runs in the background afterwards."""
        if self._link_task:
            await self.link.close()
            self._link_task.cancel()

    async def _keep_link(self):
        while True:
            try:
                await self.link.run()
            except Exception as error:  # noqa: BLE001  as in `run`: log, count, go on
                self._crashed("link", error)
            await asyncio.sleep(1)

    def _crashed(self, what, error):
        self.crashes += 1
        self.log.error("app", "%s failed: %r", what, error)
        if hasattr(sys, "print_exception"):
            sys.print_exception(error)

    def tick(self, now):
        """One turn of everything that decides; every 50 ms."""
        if self._packing and self._settled_by.expired(now):
            self._packing = False
            _collect_each(_GC_SHARE)
        self.clock.tick(now)
        self._reader(now)
        station = self.station
        lost = _STORAGE_LOST if self.config.get("StorageLost") else 0
        limit_ma = self.config.get("InstallationCurrentMax") * 1000
        wake_up_s = self.config.get("WakeUpDelay")
        phases = self.config.get("ChargingPhases")
        for connector in station.connectors:
            connector.limiter.set(INSTALLATION, limit_ma)
            connector.found = connector.found & ~_STORAGE_LOST | lost
            connector.wake_up.delay_s = wake_up_s
            connector.phases_wanted = min(phases, connector.phases_allowed)
        if self.smart_charging:
            self.smart_charging.tick(now)
        station.tick(now)
        self._tell_refusal()
        self.status.observe(now, station.online)
        station.online = self.client.online
        self.metering.tick(now)
        if self.lights:
            self.lights.tick(now)
        if self.access.trial.running:
            self._trial(now)
        if self._save_time.expired(now):
            self._save_time.start(now, _SAVE_TIME_MS)
            boot_record.save_time(self.settings, self.clock, now)
        if station.reset_wanted:
            self._reset(now, station.reset_wanted)

    def _tell_refusal(self):
        refused = self.station.admission.refused_token
        if refused is not self._refused:
            self._refused = refused
            if refused:
                self.log.info("card", "refused: not accepted by cache, list or central system")

    def _reader(self, now):
        reader = self.board.reader
        if reader is None:
            return
        event = reader.tick(now)
        self.station.reader_silent = reader.is_silent
        if event is None:
            return
        if event[0] == "card" and self.learn.running and not self.learn.expired(now):
            self.learn.stop()
            self.learned = self._token(event[1])
        elif event[0] == "card":
            self.log.info("card", "card presented")
            self.station.card(now, self._token(event[1]))
        elif event[0] == "silent":
            self.log.warn("card", "reader does not answer")

    def _token(self, uid):
        """Return a card's number as the central system of this box wants it."""
        words = self.config.get("CardIdFormat").split()
        length = 0
        for word in words:
            if word.isdigit():
                length = int(word)
        return uid_text(uid, "reversed" in words, length, "lower" in words)

    def _reset(self, now, reason):
        """Leave when sessions have ended and the central system knows, or patience is over."""
        if not self._reset_by.running:
            self._reset_by.start(now, _RESET_PATIENCE_MS)
            self._settle.start(now, _RESET_SETTLE_MS)
            boot_record.note_reset(self.settings, reason)
        if not self._settle.expired(now):
            return
        done = self.station.at_rest and not (self.client.connected and self.transactions.pending)
        if done or self._reset_by.expired(now):
            boot_record.save_time(self.settings, self.clock, now)
            self.exit_reason = reason

    def _trial(self, now):
        client = self.client
        # Pending: it knows us, and only waits for its operator.
        is_up = client.connected and client.registration in ("Accepted", "Pending")
        if self.access.tick(now, is_up):
            self.reconnect()
        if not self.access.trial.running:
            self.log.warn("net", "settings on trial: %s", self.access.ended or "kept")

    def split_url(self, url):
        """Return what `firmware.net.url.split` does. Raises ValueError."""
        from firmware.net.url import split

        return split(url)

    def reconnect(self):
        """The settings of the connection have changed: whoever is there now, is somebody new."""
        self.boot.registration = ""
        if self.link:
            self.link.restart()

    def leave(self, reason):
        """The firmware is stopped from outside, orderly: what runs is closed as `reason` later."""
        boot_record.note_reset(self.settings, reason)
        boot_record.save_time(self.settings, self.clock, self.board.ticks_ms())

    def storage_lost(self, text):
        """The flash was empty or broken: the installer's limits are gone, so nothing charges
        until somebody has looked (configuration key StorageLost)."""
        self.config.set("StorageLost", "true")
        self.log.error("flash", "%s; no charging until StorageLost is set to false", text)

    # Wiring between parts that must not know each other.

    def _on_transaction_answer(self, tx, kind, id_tag_info):
        now = self.board.ticks_ms()
        if id_tag_info is None:
            return
        id_token = tx.id_tag if kind == "start" else tx.stop.id_tag
        if id_token:
            self.authorizer.learn(now, id_token, id_tag_info)
        if kind == "start":
            self.station.on_start_answer(now, tx, id_tag_info)

    def _on_change(self, now, connector):
        self.status.observe(now, self.station.online)
        if connector.transaction is None:
            boot_record.save_energy(self.settings, connector)
        self.log.info(
            "station", "connector %d is %s%s", connector.id, connector.status,
            "" if connector.error_code == "NoError" else " (" + connector.error_code + ")",
        )


def _collect_each(share):
    """Collect whenever so much was allocated: one `share`-th of what is free now. A large heap
    does not need it."""
    if not hasattr(gc, "mem_free"):
        return
    gc.collect()
    free = gc.mem_free()
    gc.threshold(_GC_BYTES_MAX if free > _GC_BYTES_MAX else max(_GC_BYTES_MIN, free // share))
