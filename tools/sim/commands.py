"""Commands on their way to the VM: numbered, bounded, and patient while the VM restarts."""

import asyncio

_WAITING_MAX = 256
_ENDED = "the VM ended before it answered"


def failure(text):
    """The answer to a command that was not carried out."""
    return {"ok": False, "error": text}


class Commands:
    """Pairs commands with the VM's answers by number.

    A command that comes while no VM is ready waits for the next one. So does, once, a command that
    a VM had not answered when it left in order: a VM answers what it has read before it leaves. A
    command that a VM took with it to its grave is answered with an error: nobody knows how far it
    came.
    """

    def __init__(self):
        self._vm = None
        self._sent = {}
        self._waiting = {}
        self._next = 1

    def submit(self, command):
        """Send `command` (a dict); returns a future of the answer."""
        entry = _Entry(command, asyncio.get_running_loop().create_future())
        if len(self._sent) + len(self._waiting) >= _WAITING_MAX:
            entry.settle(failure("too many commands are waiting"))
            return entry.future
        number = self._next
        self._next += 1
        if self._vm is None:
            self._waiting[number] = entry
        else:
            self._send(number, entry)
        return entry.future

    def vm_ready(self, vm):
        """A VM takes commands from now on; what waited goes first, in order."""
        self._vm = vm
        waiting, self._waiting = self._waiting, {}
        for number, entry in waiting.items():
            self._send(number, entry)

    def vm_leaving(self):
        """The VM reads no more commands."""
        self._vm = None

    def vm_restarts(self):
        """The VM left in order and another one follows."""
        self._vm = None
        sent, self._sent = self._sent, {}
        again = {number: entry for number, entry in sent.items() if entry.sent == 1}
        self._waiting = {**again, **self._waiting}
        _settle_all([entry for entry in sent.values() if entry.sent > 1], _ENDED)

    def vm_gone(self, quit_ok=False):
        """The VM ended for good. `quit_ok`: it ended as `quit` asked."""
        self._vm = None
        sent, self._sent = self._sent, {}
        for entry in sent.values():
            done = quit_ok and entry.command["do"] == "quit"
            entry.settle({"ok": True} if done else failure(_ENDED))

    def give_up(self, reason):
        """No VM will come any more."""
        entries = [*self._sent.values(), *self._waiting.values()]
        self._vm, self._sent, self._waiting = None, {}, {}
        _settle_all(entries, reason)

    def answered(self, answer):
        """Take an answer of the VM; returns whether anybody had asked."""
        number = answer.pop("n")
        if number not in self._sent:
            return False
        self._sent.pop(number).settle(answer)
        return True

    def _send(self, number, entry):
        # A client that went away while its command waited: nobody wants the effect any more.
        if entry.future.done():
            return
        entry.sent += 1
        self._sent[number] = entry
        self._vm.send(dict(entry.command, n=number))


class _Entry:
    """A command, the future of its answer, and how often a VM was given it."""

    def __init__(self, command, future):
        self.command = command
        self.future = future
        self.sent = 0

    def settle(self, answer):
        if not self.future.done():
            self.future.set_result(answer)


def _settle_all(entries, reason):
    for entry in entries:
        entry.settle(failure(reason))
