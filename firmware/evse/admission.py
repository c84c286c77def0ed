"""Who may charge where: cards and remote starts on their way to a connector's session.

Asks the authoriser, waits for its verdict, and tells the session. One question is open at a time;
a new card replaces it, for the person who stands there now is the one who counts.
"""

from micropython import const

from firmware.auth.authorizer import ACCEPTED, PENDING
from firmware.evse import session as sessions
from firmware.evse import tap

_FOR_CARD = const(0)  # a start; the connector is our choice
_FOR_CONNECTOR = const(1)  # a start on this connector
_FOR_STOP = const(2)


class Admission:
    """`refused_token` is the last token that was turned away, for the display and for `why`.

    closed: nobody is admitted any more, because a reset is under way.
    """

    def __init__(self, connectors, parts):
        self.online = False
        self.closed = False
        self.refused_token = None
        self._connectors = connectors
        self._config = parts.config
        self._authorizer = parts.authorizer
        self._question = None

    def tick(self, now):
        """Take the authoriser's verdict, if it has one, to where the question came from."""
        self._authorizer.tick(now, self.online)
        answer = self._authorizer.take_verdict()
        if answer is None or self._question is None:
            return
        question = self._question
        self._question = None
        self._decided(now, question, answer[1], answer[2])

    def card(self, now, id_token):
        """A card was presented: the rule is in tap.py."""
        connectors = self._connectors
        for connector in connectors:
            if connector.session.state == sessions.RUNNING:
                if self._stopped(now, connector, id_token):
                    return
        for connector in connectors:
            if tap.keeps_plug_of(connector, id_token):
                connector.socket.unlock()
                return
        for connector in connectors:
            session = connector.session
            if session.state == sessions.AUTHORISED and tap.same(session.id_token, id_token):
                withdraw(connector)
                return
        connector = tap.connector_for(connectors, id_token)
        if connector is not None:
            self._ask(now, connector, id_token, _FOR_CARD)

    def _stopped(self, now, connector, id_token):
        parent = self._authorizer.parent_of(now, id_token)
        decision = tap.stops(connector, id_token, parent)
        if decision == ACCEPTED:
            connector.session.stop("Local", id_token)
            return True
        if decision == PENDING:
            self._ask(now, connector, id_token, _FOR_STOP)
            return True
        return False

    def start_remote(self, now, connector, id_token, authorize, is_open):
        """A remote start that was accepted (OCPP 1.6 5.11: authorised first if so configured).

        is_open: the request named no connector.
        """
        purpose = _FOR_CARD if is_open else _FOR_CONNECTOR
        if authorize:
            self._ask(now, connector, id_token, purpose)
        else:
            self._authorised(now, (id_token, connector, purpose), None)

    def follow(self, now, connector):
        """An EV was plugged in here: an open authorisation of another connector comes along."""
        other = tap.follows(self._connectors, connector)
        if other is None:
            return
        id_token, parent = other.session.id_token, other.session.parent
        withdraw(other)
        self._authorised(now, (id_token, connector, _FOR_CARD), parent)

    def _ask(self, now, connector, id_token, purpose):
        verdict, parent = self._authorizer.decide(now, id_token, self.online)
        question = (id_token, connector, purpose)
        if verdict == PENDING:
            self._question = question
            return
        self._question = None
        self._decided(now, question, verdict, parent)

    def _decided(self, now, question, verdict, parent):
        id_token, connector, purpose = question
        session = connector.session
        if verdict != ACCEPTED:
            self.refused_token = id_token
        elif purpose != _FOR_STOP:
            self._authorised(now, question, parent)
        elif session.state == sessions.RUNNING and parent and parent == session.parent:
            session.stop("Local", id_token)

    def _authorised(self, now, question, parent):
        """A token is accepted: unless the connector was taken meanwhile, it is this user's."""
        id_token, connector, purpose = question
        self.refused_token = None
        if purpose == _FOR_CARD and connector.session.state != sessions.PLUGGED:
            # While the central system thought, an EV may have been plugged in elsewhere.
            connector = tap.connector_for(self._connectors, id_token) or connector
        if self.closed or not tap.can_start(connector, id_token):
            return
        connector.session.authorise(id_token, parent, purpose == _FOR_CARD)
        timeout_s = self._config.get("ConnectionTimeOut")
        if timeout_s:
            connector.connect.start(now, timeout_s * 1000)


def withdraw(connector):
    """The accepted token is given up."""
    connector.connect.stop()
    connector.session.handle(sessions.WITHDRAW)
    connector.session.forget()
