# SPDX-License-Identifier: MIT
"""A caller of `moult rpc` for tests: holds every line that goes either way against docs/rpc.schema.json."""
from __future__ import annotations

import json
import os
import queue
import select
import subprocess
import threading
import warnings
from functools import cache
from pathlib import Path

import jsonschema

DOCS = Path(__file__).resolve().parents[2] / "docs"
SCHEMAS = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in DOCS.glob("*.schema.json")}
seen: set[str] = set()  # the definitions that a message was held against


@cache
def validator(definition: str) -> jsonschema.Draft202012Validator:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        resolver = jsonschema.RefResolver("", {}, store=SCHEMAS)
    return jsonschema.Draft202012Validator({"$ref": f"rpc.schema.json#/$defs/{definition}"}, resolver=resolver)


def hold(definition: str, message: dict) -> None:
    seen.add(definition)
    for error in validator(definition).iter_errors(message):
        raise AssertionError(f"{definition}: {error.message} at {list(error.path)}\n{json.dumps(message)[:2000]}")


class Ended(Exception):
    """The process closed its output."""


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, error: dict):
        super().__init__(error["message"])
        self.code, self.data = error["code"], error.get("data")


class Caller:
    def __init__(self, program: str, cwd: Path, *flags: str, env: dict | None = None):
        self.process = subprocess.Popen([program, "rpc", *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=cwd, env=env)
        self.lines: queue.Queue = queue.Queue()
        self.asked: dict = {}  # id → method
        self.events: list[dict] = []
        self.early: dict = {}  # id → an answer that came while another one was waited for
        self.next_id = 0
        self.dead = False
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        left, fd = b"", self.process.stdout.fileno()
        while not self.dead:
            if not select.select([fd], [], [], 0.05)[0]:
                continue
            piece = os.read(fd, 1 << 20)
            *lines, left = (left + piece).split(b"\n")
            for line in lines:
                self.lines.put(line)
            if not piece:
                break
        self.lines.put(None)

    # --- lines ---

    def write(self, data: bytes) -> None:
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message: dict, definition: str | None = None) -> None:
        if definition:
            hold(definition, message)
        self.write(json.dumps(message).encode() + b"\n")

    def receive(self, seconds: float = 60) -> dict:
        line = self.lines.get(timeout=seconds)
        if line is None:
            raise Ended()
        message = json.loads(line)
        if "method" in message:
            hold(("question_" if "id" in message else "event_") + message["method"], message)
        elif "error" in message:
            hold("error", message)
        else:
            hold("answer_" + self.asked[message["id"]], message)
        return message

    # --- requests ---

    def ask(self, method: str, **params) -> int:
        self.next_id += 1
        self.asked[self.next_id] = method
        self.send({"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params}, f"request_{method}")
        return self.next_id

    def answer(self, question: dict, result=None) -> None:
        self.send({"jsonrpc": "2.0", "id": question["id"], "result": result}, "reply_" + question["method"])

    def fail(self, question: dict, message: str) -> None:
        self.send({"jsonrpc": "2.0", "id": question["id"], "error": {"code": 1, "message": message}}, "answer_error")

    def wait(self, wanted: int | None, hook=None, on_type=None, seconds: float = 60) -> dict:
        """The result of a request; questions go to `hook(self, params)` and `on_type(params)`."""
        while True:
            message = self.early.pop(wanted, None) or self.receive(seconds)
            if message.get("method") == "hook":
                try:
                    hook(self, message["params"])
                except Exception as e:  # as an application's function fails
                    self.fail(message, str(e))
                else:
                    self.answer(message)
            elif message.get("method") == "same_type":
                self.answer(message, on_type(message["params"]))
            elif "method" in message:
                self.events.append(message)
            elif message["id"] == wanted:
                if "error" in message:
                    raise Refused(message["error"])
                return message["result"]
            elif message["id"] in self.asked:
                self.early[message["id"]] = message
            else:
                raise AssertionError(f"an answer to nothing: {message}")

    def question(self, method: str) -> dict:
        """The next question of moult's own."""
        while True:
            message = self.receive()
            if message.get("method") == method:
                return message
            assert "method" in message, message

    def call(self, method: str, hook=None, on_type=None, **params) -> dict:
        return self.wait(self.ask(method, **params), hook, on_type)

    def refused(self, method: str, hook=None, **params) -> Refused:
        try:
            found = self.call(method, hook, **params)
        except Refused as e:
            return e
        raise AssertionError(f"{method} was not refused: {found}")

    # --- the end ---

    def end(self) -> int:
        """Closes the pipe; the exit status."""
        if not self.process.stdin.closed:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass
        return self.process.wait(60)

    def kill(self) -> None:
        """What becomes of the pipes when a caller dies: both ends that were its own are closed."""
        self.dead = True
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()

    def memory_kib(self) -> int:
        """The most that it ever had."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("VmHWM:")[1].split()[0])
