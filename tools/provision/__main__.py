"""`python -m tools.provision`: the command line, and what is done with each board."""

import argparse
import sys
from contextlib import closing

from tools import board, provision
from tools.board_port import BoardPort, PortError
from tools.provision import on_board
from tools.provision.books import BooksError, Keys, Ledger
from tools.provision.site import Site, SiteError


class Refused(Exception):
    """This board cannot be provisioned; the text names the remedy."""


class Provision:
    """Boards of one site. keys: a Keys, or None if the site wants none; say(text)."""

    def __init__(self, site, ledger, keys, options, say=print):
        self._site = site
        self._ledger = ledger
        self._keys = keys
        self._options = options
        self._say = say

    def board(self, port):
        """Provision one board; returns its identity. Raises Refused, PortError."""
        site = self._site
        have = on_board.look(port, site.config)
        if not have.has_firmware:
            raise Refused("there is no complete firmware on the board: make deploy BOARD=... "
                          "PORT=%s" % port.port)
        refused = board.refusal(board.check_text(
            have.description, "board.json of %s" % have.serial), self._say)
        if refused:
            raise Refused("%s. Then: make deploy BOARD=... PORT=%s" % (refused, port.port))
        known = self._ledger.boards.get(have.serial, {}).get("id")
        if have.identity and have.identity != known and not self._options.take_over:
            raise Refused("board %s is %s already, which this site does not know: if it is to get "
                          "another identity, say ARGS=--take-over" % (have.serial, have.identity))
        identity = self._ledger.identity(have.serial)
        renew = self._options.renew_keys
        key = self._keys and self._keys.key(identity, have.serial, renew)
        wanted = {"serial": have.serial, "access": site.access(identity, key), "ca": site.ca,
                  "config": site.config}
        missing = have.missing(wanted)
        if missing:
            self._give(port, wanted, have.serial)
        self._ledger.verified(have.serial)
        self._say("board %s is %s: %s" % (have.serial, identity, (
            "provisioned and verified (%s)" % ", ".join(missing) if missing else
            "provisioned already, nothing changed")))
        return identity

    def _give(self, port, wanted, serial):
        refused = on_board.take(port, wanted)
        if refused:
            raise Refused("the firmware on board %s %s: mend [config] in %s" % (
                serial, ", ".join(_refusal(name, status, wanted["config"][name])
                                  for name, status in refused.items()), self._site.path))
        have = on_board.look(port, wanted["config"])
        if refused is None or have.serial != serial:
            raise Refused("there is board %s now, in the place of %s: wait for a board to be done "
                          "before you take it off, then connect each of them again" % (
                              have.serial, serial))
        missing = have.missing(wanted)
        if missing:
            raise Refused("board %s did not keep %s: try again; if it happens again, its flash is "
                          "bad" % (serial, ", ".join(missing)))

    def row(self, ports):
        """Provision the boards on `ports`, one after the other; returns how many failed."""
        failed = 0
        for name in ports:
            port = BoardPort(name)
            try:
                with port.stopped():
                    self.board(port)
            except (Refused, PortError, BooksError) as error:
                failed += 1
                self._say("error: %s: %s" % (name, error))
        return failed


def _refusal(name, status, text):
    if status == "NotSupported":
        return "has no key %s" % name
    # Whoever mistakes a name must not find a secret on the screen.
    is_secret = "key" in name.lower() or "password" in name.lower()
    return "refuses %s" % name if is_secret else "refuses %s = %s" % (name, text)


def main(arguments=None):
    """Provision; returns the exit status: 1 if any board failed."""
    parser = argparse.ArgumentParser(prog="python -m tools.provision",
                                     description=provision.__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", default="", help="serial port, or several with commas between")
    parser.add_argument("--site", help="the site file, see above")
    parser.add_argument("--secrets", metavar="FILE", help="where keys are kept (mode 0600)")
    parser.add_argument("--renew-keys", action="store_true", help="make new keys")
    parser.add_argument("--take-over", action="store_true",
                        help="also boards that have an identity from elsewhere")
    parser.add_argument("--many", action="store_true",
                        help="ask for the next board on the same port, until told to stop")
    options = parser.parse_args(arguments)
    try:
        site = Site(options.site)
        with closing(Ledger(site)) as ledger:
            worker = Provision(site, ledger, _keys(site, options.secrets), options)
            failed = _all(worker, options)
            _report(site, ledger)
    except (SiteError, BooksError, OSError) as error:
        print("error: %s" % error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nerror: interrupted; nothing is lost: say the same again, and the board that was "
              "at work gets the identity and the key that were made for it", file=sys.stderr)
        return 130
    return 1 if failed else 0


def _keys(site, path):
    if not site.wants_key:
        return None
    if path is None:
        raise SiteError("each board gets a key, and the central system has to know it: say "
                        'ARGS="--secrets keys.csv" to have them written to that file')
    return Keys(path)


def _all(worker, options):
    """Do what was asked for; returns how many boards failed."""
    ports = options.port.split(",")
    failed = worker.row(ports)
    while options.many:
        print("connect the next board and press Enter, or q to end: ", end="", flush=True)
        answer = sys.stdin.readline()
        if not answer or answer.strip().lower() == "q":
            print()
            break
        failed += worker.row(ports)
    return failed


def _report(site, ledger):
    boards = [board for board in ledger.boards.values() if board["verified"]]
    print("provisioned boards of %s so far: %d" % (site.path, len(boards)))
    if boards:
        print("labels: %s, %s" % tuple(ledger.labels))
        print("next: tell the central system their identities and keys, then switch them on")


if __name__ == "__main__":
    sys.exit(main())
