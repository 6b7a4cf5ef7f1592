"""Put a finished folder in place of another so that a kill at any moment leaves one of them whole."""

import ctypes
import os
import shutil
import socket
import sys
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def sync_tree(folder: Path) -> None:
    """Flush every file and folder below a folder, and the folder, to the disk."""
    for root, _, names in os.walk(folder):
        for name in names:
            _sync(Path(root) / name)
        _sync(Path(root))


def _sync(path: Path) -> None:
    """Flush one file or folder; folders cannot be flushed on every system."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        if path.is_dir():
            return
        raise
    try:
        os.fsync(handle)
    except OSError:
        if not path.is_dir():
            raise
    finally:
        os.close(handle)


def _mark() -> str:
    """Machine and process, for names of temporary folders."""
    host = "".join(c for c in socket.gethostname() if c.isalnum())[:24] or "host"
    return f"{host}-{os.getpid()}"


def partial_prefix(out: Path) -> str:
    """Beginning of the name of a folder in the making beside `out`."""
    return f".{out.name}.partial-{_mark()}-"


def previous_path(out: Path) -> Path:
    """Where the release that is replaced waits until the new one is in place."""
    return out.with_name(f".{out.name}.previous")


def clear_stale(out: Path) -> None:
    """Remove folders in the making that a killed process of this machine left beside `out`."""
    start = f".{out.name}.partial-"
    host = _mark().rsplit("-", 1)[0]
    for path in out.parent.glob(start + "*"):
        fields = path.name[len(start):].split("-")
        if len(fields) < 2 or fields[0] != host or not fields[1].isdigit() or _alive(int(fields[1])):
            continue
        shutil.rmtree(path, ignore_errors=True)


def _alive(pid: int) -> bool:
    """Whether a process of this machine runs."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def recover(out: Path) -> None:
    """Put back a release that a kill between two renames left aside."""
    aside = previous_path(out)
    if not aside.exists():
        return
    if out.exists():
        shutil.rmtree(aside)
    else:
        os.replace(aside, out)


def _exchange(a: Path, b: Path) -> bool:
    """Swap two folders in one step where the system can; False where it cannot."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    status: int = rename(_AT_FDCWD, os.fsencode(a), _AT_FDCWD, os.fsencode(b), _RENAME_EXCHANGE)
    return status == 0


def put_in_place(new: Path, out: Path) -> None:
    """Make `new` become `out`; whatever `out` was is removed once the new one stands.

    On Linux both change places in one step. Elsewhere the old one is moved aside first; `recover` puts it
    back if the process is killed in between, and it is put back here if the second step fails.
    """
    if not out.exists():
        os.replace(new, out)
    elif _exchange(new, out):
        shutil.rmtree(new, ignore_errors=True)
    else:
        aside = previous_path(out)
        os.replace(out, aside)
        try:
            os.replace(new, out)
        except BaseException:
            os.replace(aside, out)
            raise
        shutil.rmtree(aside, ignore_errors=True)
    _sync(out.parent)
