# SPDX-License-Identifier: MIT
"""Real servers: several workers that start at once, exit codes of a refusal, an application that is loaded before a fork."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from test_command import Folder

pytestmark = pytest.mark.once

LOGGED = """
import logging
logging.getLogger("fastapi_easy").setLevel(logging.INFO)
logging.basicConfig(level=logging.INFO, format="%(message)s")
"""


@pytest.fixture
def folder(tmp_path: Path, env: dict[str, str]) -> Folder:
    return Folder(tmp_path, env)


def write(folder: Folder, *columns: str) -> None:
    folder.main(*columns)
    with (folder.folder / "main.py").open("a") as main:
        main.write(LOGGED + '\n\n@app.get("/pid")\ndef pid():\n    import os\n    return os.getpid()\n')


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def server(folder: Folder, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Runs it, and ends it as an operator does; what it says is in the file log."""
    with (folder.folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder.folder,
            env=folder.env,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def answers(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether it serves, within a while; False when it ends before."""
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/pid", timeout=5).close()
            return True
        time.sleep(0.1)
    return False


def log_of(folder: Folder) -> str:
    return (folder.folder / "log").read_text()


def test_workers_that_start_at_once_apply_once(folder: Folder) -> None:
    """20 versions, one after the other, each started by 8 workers of one uvicorn."""
    workers = 8
    for number in range(1, 21):
        write(folder, *(f"column{i}" for i in range(number)))
        port = free_port()
        with server(folder, "uvicorn", "main:app", "--workers", str(workers), "--port", str(port)) as process:
            assert answers(process, port), log_of(folder)
            end = time.monotonic() + 60
            while log_of(folder).count("Application startup complete") < workers and time.monotonic() < end:
                time.sleep(0.05)
        log = log_of(folder)
        assert log.count(f"the plan was applied; version {number}") == 1, log
        assert log.count(f"is up to date, version {number}") == workers - 1, log
        assert folder.database.rows("SELECT count(*) FROM _moult_history") == [(number,)]


def test_reload_applies_what_is_safe_and_refuses_the_rest(folder: Folder) -> None:
    """A file is saved while uvicorn watches it: a new column is there at once; a column that is taken away is not."""
    write(folder, "name")
    port = free_port()

    def says(text: str) -> bool:
        end = time.monotonic() + 60
        while text not in log_of(folder) and time.monotonic() < end:
            time.sleep(0.05)
        return text in log_of(folder)

    with server(folder, "uvicorn", "main:app", "--reload", "--port", str(port)) as process:
        assert answers(process, port), log_of(folder)
        folder.database.run("INSERT INTO users (name) VALUES ('Ada')")
        write(folder, "name", "email")
        assert says("the plan was applied; version 2"), log_of(folder)
        assert answers(process, port)
        write(folder, "email")
        assert says("A person must approve this plan"), log_of(folder)
        write(folder, "name", "email")
        assert says("is up to date, version 2"), log_of(folder)
        assert answers(process, port)
    assert folder.database.rows("SELECT name FROM users") == [("Ada",)]


def test_many_processes_one_after_the_other_version_apply_once_each(folder: Folder) -> None:
    """20 rounds of 8 starts; each process starts the application once a round, at the same time as the others."""
    rounds, processes = 20, 8
    (folder.folder / "race.py").write_text(RACE)
    command = [sys.executable, "race.py", str(rounds)]
    running = [
        subprocess.Popen(
            command, cwd=folder.folder, env=folder.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(processes)
    ]
    for each in running:
        assert each.stdout and each.stdout.readline() == "ready\n"
    for number in range(1, rounds + 1):
        for each in running:
            assert each.stdin
            each.stdin.write(f"{number}\n")
            each.stdin.flush()
        outcomes = [each.stdout.readline().strip() for each in running if each.stdout]
        assert sorted(outcomes) == ["applied"] + ["up_to_date"] * (processes - 1), (number, outcomes)
    for each in running:
        each.communicate(timeout=30)
    history = folder.database.rows("SELECT count(*), max(version) FROM _moult_history")
    assert history == [(rounds, rounds)]


RACE = """
import sys
from fastapi import FastAPI
from sqlalchemy import Column, Integer, MetaData, Table
from fastapi_easy import FastAPI_Easy

print("ready", flush=True)
for line in sys.stdin:
    metadata = MetaData()
    for number in range(int(line)):
        Table(f"t{number}", metadata, Column("id", Integer, primary_key=True))
    print(FastAPI_Easy.init_app(FastAPI(), "sqlite:///db.sqlite", metadata=metadata).apply().outcome, flush=True)
"""


def refused(folder: Folder) -> None:
    write(folder, "name")
    folder.migrate("apply")
    folder.database.run("INSERT INTO users (name) VALUES ('Ada')")
    write(folder, "first")


def test_a_refusal_ends_uvicorn_with_3(folder: Folder) -> None:
    refused(folder)
    with server(folder, "uvicorn", "main:app", "--port", str(free_port())) as process:
        assert process.wait(60) == 3
    log = log_of(folder)
    assert log.count("A person must approve this plan") == 1
    assert "then start again" in log.rstrip().splitlines()[-3] + log.rstrip().splitlines()[-1] + log


def test_a_refusal_ends_gunicorn_with_3(folder: Folder) -> None:
    pytest.importorskip("gunicorn")
    refused(folder)
    command = ["gunicorn", "-k", "asgi", "--bind", f"127.0.0.1:{free_port()}", "--graceful-timeout", "2", "main:app"]
    with server(folder, *command) as process:
        assert process.wait(60) == 3
    assert "A person must approve this plan" in log_of(folder)


def test_gunicorn_preload_migrates_in_its_workers(folder: Folder) -> None:
    """The application is loaded, and then the process forks: nothing may be open by then."""
    pytest.importorskip("gunicorn")
    write(folder, "name")
    port = free_port()
    command = [
        "gunicorn",
        "-k",
        "asgi",
        "--preload",
        "-w",
        "2",
        "--graceful-timeout",
        "2",
        "--bind",
        f"127.0.0.1:{port}",
    ]
    with server(folder, *command, "main:app") as process:
        assert answers(process, port), log_of(folder)
        end = time.monotonic() + 30
        while log_of(folder).count("version 1") < 2 and time.monotonic() < end:
            time.sleep(0.1)
    assert log_of(folder).count("the plan was applied; version 1") == 1, log_of(folder)


def test_migrate_apply_and_then_the_server(folder: Folder) -> None:
    """What a container runs: the server is not started on a database that is not right."""
    refused(folder)
    line = f"{sys.executable} -m fastapi_easy migrate apply && exec echo served"
    done = subprocess.run(
        ["sh", "-c", line], cwd=folder.folder, env=folder.env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3 and "served" not in done.stdout


def test_lifespan_off(folder: Folder) -> None:
    """The application never starts, as far as it knows; its first session is what migrates."""
    write(folder, "name")
    with (folder.folder / "main.py").open("a") as main:
        main.write(
            "\nfrom typing import Any\nfrom fastapi import Depends\n"
            '@app.get("/count")\ndef count(session: Any = Depends(FastAPI_Easy.session)):\n'
            "    return session.execute(metadata.tables['users'].select()).all().__len__()\n"
        )
    port = free_port()
    with server(folder, "uvicorn", "main:app", "--lifespan", "off", "--port", str(port)) as process:
        assert answers(process, port)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/count", timeout=20) as answer:
            assert answer.read() == b"0"
    assert "no lifespan ran" in log_of(folder)
