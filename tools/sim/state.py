"""The folder with the flash image: made, locked against a second simulator, removed at the end
if it is temporary.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

_LOCK = "simulator.lock"


class StateError(Exception):
    """The folder cannot be used; the text is for a person."""


class StateFolder:
    """A locked state folder, as a context manager.

    path: the folder, made if missing; None for a temporary one that is removed at the end.
    """

    def __init__(self, path=None):
        self._temporary = path is None
        self._wanted = path
        self.path = None
        self.lock_fd = None  # the VM inherits it: the lock holds until host *and* VM are gone

    def __enter__(self):
        try:
            self.path = Path(self._wanted or tempfile.mkdtemp(prefix="pilotwire-"))
            self.path.mkdir(parents=True, exist_ok=True)
            self.lock_fd = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StateError(f"state folder {self._wanted}: {error.strerror}") from error
        try:
            fcntl.flock(self.lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self.lock_fd)
            raise StateError(f"state folder {self.path}: another simulator runs on it") from error
        return self

    def __exit__(self, *_exception):
        os.close(self.lock_fd)
        if self._temporary:
            shutil.rmtree(self.path, ignore_errors=True)
