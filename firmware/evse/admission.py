"""Who may charge where: cards and remote starts on their way to a connector's session.

Asks the authoriser, waits for its verdict, and tells the session. One question is open at a time.
A new card replaces the question of an older card, for the person who stands there now is the one
who counts; remote starts, which were promised, wait for their turn.
"""

from micropython import const

from firmware.auth.authorizer import ACCEPTED, PENDING
from firmware.evse import session as sessions
from firmware.evse import tap

# A question is (id token, connector, who asks); the connector is what was meant at the time.
_CARD = const(0)
_REMOTE = const(1)  # for this connector
_REMOTE_ANY = const(2)  # the connector is our choice
_WAITING_MAX = const(4)


class Admission:
    """`refused_token` is the last token that was turned away, for the display and for `why`.

    closed: nobody is admitted any more, because a reset is under way.
    """

    def __init__(self, connectors, parts):
        self.online = False
        self.closed = False
        self.refused_token = None
        self.reservations = None  # firmware.evse.reservations, if the profile is installed
        self._connectors = connectors
        self._config = parts.config
        self._authorizer = parts.authorizer
        self._question = None
        self._waiting = []

    def tick(self, now):
        """Take the authoriser's verdict, if it has one, to where the question came from."""
        self._authorizer.tick(now, self.online)
        answer = self._authorizer.take_verdict()
        if answer is not None and self._question is not None:
            question = self._question
            self._question = None
            self._decided(now, question, answer[1], answer[2])
        if self._waiting and self._question is None:
            self._ask(now, self._waiting.pop(0))

    def card(self, now, id_token):
        """A card was presented: the rule is in tap.py."""
        connectors = self._connectors
        parent = self._authorizer.parent_of(now, id_token)
        may_stop = False
        for connector in connectors:
            if connector.session.state != sessions.RUNNING:
                continue
            decision = tap.stops(connector, id_token, parent)
            if decision == ACCEPTED:
                connector.session.stop("Local", id_token)
                return
            may_stop = may_stop or decision == PENDING
        for connector in connectors:
            session = connector.session
            if tap.keeps_plug_of(connector, id_token):
                connector.socket.unlock()
                return
            if session.state == sessions.AUTHORISED and tap.same(session.id_token, id_token):
                withdraw(connector)
                return
        connector, standing = self.place(now, connectors, id_token)
        if may_stop or connector is not None:
            self._ask(now, (id_token, connector, _CARD))
        elif standing == tap.OTHERS:
            self.refused_token = id_token

    def place(self, now, connectors, id_token):
        """Return (the best of `connectors` for a token, what it is to it), (None, ...) if none."""
        # Who asks for the parent reads the flash, and an answer waits for it.
        reserved = self.reservations and self.reservations.entries
        parent = self._authorizer.parent_of(now, id_token) if reserved else None
        return self._place(connectors, id_token, parent)

    def _place(self, connectors, id_token, parent):
        if self.reservations is None:
            return tap.connector_for(connectors, id_token), tap.FREE
        worst = tap.FREE
        for wanted in (tap.HOLDER, tap.FREE, tap.MAYBE):
            fitting = []
            for connector in connectors:
                standing = self.reservations.standing(connector, id_token, parent)
                worst = max(worst, standing)
                if standing == wanted:
                    fitting.append(connector)
            connector = tap.connector_for(fitting, id_token)
            if connector is not None:
                return connector, wanted
        return None, worst

    def start_remote(self, now, connector, id_token, authorize, is_open):
        """A remote start that was accepted (OCPP 1.6 5.11: authorised first if so configured).

        is_open: the request named no connector.
        """
        question = (id_token, connector, _REMOTE_ANY if is_open else _REMOTE)
        if authorize:
            self._ask(now, question)
        else:
            self._start(now, question, self._authorizer.parent_of(now, id_token))

    def follow(self, now, connector):
        """An EV was plugged in here: an open authorisation of another connector comes along."""
        other = tap.follows(self._connectors, connector)
        if other is None:
            return
        id_token, parent = other.session.id_token, other.session.parent
        withdraw(other)
        self._start(now, (id_token, connector, _REMOTE_ANY), parent)

    def _ask(self, now, question):
        asked = self._question
        if asked is not None and (asked[2] != _CARD or question[2] != _CARD):
            self._wait(question)
            return
        verdict, parent = self._authorizer.decide(now, question[0], self.online)
        if verdict == PENDING:
            self._question = question
            return
        self._question = None
        self._decided(now, question, verdict, parent)

    def _wait(self, question):
        waiting = self._waiting
        if question[2] == _CARD:
            # A card that nobody has looked at yet is an old one.
            waiting[:] = [other for other in waiting if other[2] != _CARD]
        if len(waiting) < _WAITING_MAX:
            waiting.append(question)

    def _decided(self, now, question, verdict, parent):
        if verdict != ACCEPTED:
            self.refused_token = question[0]
            return
        if question[2] == _CARD and parent:
            for connector in self._connectors:
                session = connector.session
                if session.state == sessions.RUNNING and session.parent == parent:
                    session.stop("Local", question[0])
                    return
        self._start(now, question, parent)

    def _start(self, now, question, parent):
        """A token is accepted: unless the connector was taken meanwhile, it is this user's."""
        id_token, connector, asker = question
        self.refused_token = None
        if asker != _REMOTE and not tap.is_meant(connector, id_token):
            # While the central system thought, an EV may have been plugged in elsewhere.
            connector = self._place(self._connectors, id_token, parent)[0]
        if self.closed or connector is None or not tap.can_start(connector, id_token):
            return
        reservations = self.reservations
        if reservations and not reservations.claim(connector, id_token, parent):
            self.refused_token = id_token
            return
        connector.session.authorise(id_token, parent, asker != _REMOTE)
        if reservations:
            reservations.mark()
        timeout_s = self._config.get("ConnectionTimeOut")
        if timeout_s:
            connector.connect.start(now, timeout_s * 1000)


def withdraw(connector):
    """The accepted token is given up."""
    connector.connect.stop()
    connector.session.handle(sessions.WITHDRAW)
    connector.session.forget()
