"""`python -m tools.csms`: a central system for a person. See `--help`, and `help` once it runs."""

import argparse
import asyncio
import contextlib
import os
import signal
import ssl
import sys
import time

from tools.csms.books import dump_books
from tools.csms.server import CentralSystem
from tools.csms.shell import Shell, read_lines

PASSWORD_VARIABLE = "PILOTWIRE_PASSWORD"


def main(argv):
    """Run until `quit`, Ctrl-C or SIGTERM; status 0 only if nothing broke the protocol."""
    options = _parser().parse_args(argv)
    try:
        return asyncio.run(_run(options))
    except OSError as error:
        print(f"tools.csms: {error}", file=sys.stderr)
        return 1


async def _run(options):
    central = CentralSystem(
        host=options.host,
        port=options.port,
        password=options.password or os.environ.get(PASSWORD_VARIABLE),
        accept=options.accept,
        reject=options.reject,
        interval_s=options.interval,
        connectors=options.connectors,
        expect_boot=False,  # the charger may have been accepted by an earlier run
        tls=_tls(options),
        first_transaction=int(time.time()) % (1 << 30),  # no id of an earlier run comes again
        say=say,
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with central:
        say(f"central system at {central.url}/<identity>; type help for the commands")
        commands = asyncio.create_task(_read_commands(Shell(central, say), stop))
        await stop.wait()
        commands.cancel()
    if options.books:
        dump_books(central.books, options.books)
    if central.violations:
        say(f"{len(central.violations)} violations of the protocol")
    return 1 if central.violations else 0


async def _read_commands(shell, stop):
    lines = asyncio.Queue()
    read_lines(asyncio.get_running_loop(), lines)
    while await shell.execute(await lines.get()):
        pass
    stop.set()


def say(text):
    """One line of the story, with the time of day."""
    with contextlib.suppress(OSError):
        print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def _tls(options):
    if not options.cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(options.cert, options.key)
    if options.ca:
        context.load_verify_locations(options.ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _parser():
    parser = argparse.ArgumentParser(
        prog="tools.csms", description="A small central system for OCPP 1.6J.", allow_abbrev=False
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1")
    add("--port", type=int, default=0, help="0: any free one")
    add("--password", metavar="TEXT", help=f"Basic auth; or the variable {PASSWORD_VARIABLE}")
    add("--accept", action="append", metavar="TAG", help="only these cards; repeatable")
    add("--reject", action="append", default=[], metavar="TAG", help="never these cards")
    add("--interval", type=int, default=300, metavar="S", help="heartbeat interval")
    add("--connectors", type=int, default=2, help="what counts as a known connector")
    add("--cert", metavar="FILE", help="certificate chain: serve wss://")
    add("--key", metavar="FILE", help="its private key")
    add("--ca", metavar="FILE", help="ask charge points for a certificate of this root")
    add("--books", metavar="FILE", help="write the books as JSON at the end; - for here")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
