"""Compiled programs on disk: one folder a key, made once, never changed.

The folder is $DANSKIN_CACHE, or `danskin` under the user's cache folder. What
makes an entry writes into a folder of its own, which is renamed when it is
whole: readers see all of an entry or nothing. A lock keeps two processes from
making the same.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import tempfile


def get_folder() -> pathlib.Path:
    """Where entries are kept."""
    named = os.environ.get("DANSKIN_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(named) if named else pathlib.Path(base) / "danskin"


@contextlib.contextmanager
def _locked(path):
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def get(key, make):
    """The folder of `key`. Where there is none, `make(folder)` fills it; what it
    raises leaves nothing behind."""
    home = get_folder()
    entry = home / key[:2] / key
    if entry.is_dir():
        return entry
    entry.parent.mkdir(parents=True, exist_ok=True)
    with _locked(entry.parent / "lock"):
        if entry.is_dir():
            return entry
        folder = pathlib.Path(tempfile.mkdtemp(prefix="making-", dir=entry.parent))
        try:
            make(folder)
            os.chmod(folder, 0o755)
            os.rename(folder, entry)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return entry


def clear() -> None:
    """Removes everything. Libraries that are loaded stay loaded."""
    shutil.rmtree(get_folder(), ignore_errors=True)
