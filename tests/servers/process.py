# SPDX-License-Identifier: MIT
"""How a server program of the tests is started, as whom, and how it is stopped again: by its own process id, and with us."""
from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

ROOMY = 4 << 30  # with so many bytes free in memory, data that need not survive lives there


def as_user(user: str, command: list[str], root: Path | None = None, dies_by: str | None = None) -> list[str]:
    """The command as that user, where we are root; below `root`; it gets the signal `dies_by` when this process ends."""
    words = ["setpriv"]
    if os.geteuid() == 0:
        words += ["--reuid=" + user, "--regid=" + user, "--clear-groups"]
    if dies_by:
        words += ["--pdeathsig", dies_by]
    if words == ["setpriv"]:
        return command
    return (["chroot", str(root)] if root else []) + words + ["--"] + command


def owned_by(user: str, path: Path, root: Path | None = None) -> None:
    """Gives it to that user, as the password file below `root` knows them."""
    if os.geteuid() != 0:
        return
    if root is None:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)
        return
    for line in (root / "etc/passwd").read_text().splitlines():
        name, _, uid, gid = line.split(":")[:4]
        if name == user:
            os.chown(path, int(uid), int(gid))
            return
    raise KeyError("no user %s below %s" % (user, root))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def place(kind: str, user: str, root: Path | None = None, durable: bool = False) -> Path:
    """A folder of our own for a server. Those that killed test runs left are removed on the way: their names tell whose they are."""
    memory = Path("/dev/shm")
    if root:
        base = root / "srv"
    elif not durable and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ROOMY:
        base = memory
    else:
        base = Path(tempfile.gettempdir())
    for old in base.glob("moult-%s-*" % kind):
        owner = old.name.split("-")[2]
        if owner.isdigit() and not alive(int(owner)):
            shutil.rmtree(old, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix="moult-%s-%d-" % (kind, os.getpid()), dir=base))
    owned_by(user, made, root)
    return made


def start(command: list[str], log: Path) -> subprocess.Popen:
    with open(log, "ab") as out:
        # In a session of its own: a Ctrl-C at the tests is not one at the server, which is stopped in its turn.
        return subprocess.Popen(command, cwd="/", stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)


def stop(process: subprocess.Popen, *signals: int, patience: float = 15) -> None:
    """Sends one signal after the other until it is gone; the last resort is SIGKILL."""
    for number in (*signals, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue


def children(pid: int) -> list[int]:
    try:
        return [int(p) for p in Path("/proc/%d/task/%d/children" % (pid, pid)).read_text().split()]
    except OSError:
        return []


def wait_for(condition, what: str, limit: float = 60, process: subprocess.Popen | None = None, log: Path | None = None):
    """Asks until it says something true, and returns that; tells the end of the log when it does not in time."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        if process is not None and process.poll() is not None:
            break
        time.sleep(0.02)
    said = log.read_text(errors="replace")[-2000:] if log and log.exists() else ""
    raise RuntimeError("%s does not come up\n%s" % (what, said))
