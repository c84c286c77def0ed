"""Who may charge where: cards and remote starts on their way to a connector's session.

Asks the authoriser, waits for its verdict, and tells the session. One question is open at a time;
a new card replaces it, for the person who stands there now is the one who counts.
"""

from micropython import const

from firmware.auth.authorizer import ACCEPTED, PENDING
from firmware.evse import session as sessions
from firmware.evse.tap import connector_for, stops

_FOR_START = const(0)
_FOR_STOP = const(1)


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
        """A card: stops its own transaction, takes back its own authorisation, or starts."""
        for connector in self._connectors:
            state = connector.session.state
            if state == sessions.RUNNING:
                if self._stopped(now, connector, id_token):
                    return
            elif state == sessions.AUTHORISED:
                if connector.session.id_token.upper() == id_token.upper():
                    withdraw(connector)
                    return
        connector = connector_for(self._connectors)
        if connector is not None:
            self._ask(now, connector, id_token, _FOR_START)

    def _stopped(self, now, connector, id_token):
        parent = self._authorizer.parent_of(now, id_token)
        decision = stops(connector, id_token, parent)
        if decision == ACCEPTED:
            connector.session.stop("Local", id_token)
            return True
        if decision == PENDING:
            self._ask(now, connector, id_token, _FOR_STOP)
            return True
        return False

    def start_remote(self, now, connector, id_token, authorize):
        """A remote start that was accepted (OCPP 1.6 5.11: authorised first if so configured)."""
        if authorize:
            self._ask(now, connector, id_token, _FOR_START)
        else:
            self._authorised(now, connector, id_token, None)

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
        elif purpose == _FOR_START:
            self._authorised(now, connector, id_token, parent)
        elif session.state == sessions.RUNNING and parent and parent == session.parent:
            session.stop("Local", id_token)

    def _authorised(self, now, connector, id_token, parent):
        """A token is accepted: unless the connector was taken meanwhile, it is this user's."""
        self.refused_token = None
        if self.closed or connector.faults or not connector.operative:
            return
        if not connector.session.accepts(sessions.AUTHORISE):
            return
        connector.session.authorise(id_token, parent)
        timeout_s = self._config.get("ConnectionTimeOut")
        if timeout_s:
            connector.connect.start(now, timeout_s * 1000)


def withdraw(connector):
    """The accepted token is given up."""
    connector.connect.stop()
    connector.session.handle(sessions.WITHDRAW)
    connector.session.forget()
