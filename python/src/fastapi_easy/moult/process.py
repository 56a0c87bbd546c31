# SPDX-License-Identifier: MIT
"""A moult process, and what is asked of it: JSON-RPC 2.0, one message a line, on its standard input and output.

Questions that it asks back (run this hook, are these types the same) are answered by the functions it was given. When
the task that waits is cancelled, moult is asked to stop, and its answer is waited for, so that nothing is left half done.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from fastapi_easy._version import __version__
from fastapi_easy.errors import MoultError, MoultMissing

from . import binary
from .words import ours

log = logging.getLogger("fastapi_easy")

LINE_MAX = 33 << 20  # moult's own limit, and room for its newline
STOP_SECONDS = 30.0  # for the answer to a cancel
CLOSE_SECONDS = 5.0

Question = Callable[[dict[str, Any]], Awaitable[Any]]
Event = Callable[[str, dict[str, Any]], None]


class Moult:
    """One process. Use it as `async with Moult(...) as moult`; it belongs to the event loop that entered it."""

    def __init__(self, questions: Mapping[str, Question] | None = None, event: Event | None = None) -> None:
        self.questions, self.event = questions or {}, event or log_event
        self.waiting: dict[int, asyncio.Future[Any]] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.numbers = itertools.count(1)
        self.process: asyncio.subprocess.Process | None = None
        self.program = ""
        self.broken: str | None = None

    async def __aenter__(self) -> Moult:
        self.program = binary.find()
        try:
            self.process = await asyncio.create_subprocess_exec(
                self.program,
                "rpc",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                limit=LINE_MAX,
                start_new_session=True,  # a Ctrl-C at the terminal is for us; we ask it to stop
            )
        except OSError as wrong:
            raise MoultMissing(f"{self.program} cannot be started: {wrong.strerror}") from wrong
        self.begin(self.read())
        self.begin(self.read_errors())
        try:
            await self.check_version()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def check_version(self) -> None:
        try:
            hello = await self.ask("hello")
        except MoultError as wrong:
            raise MoultMissing(
                f"{self.program} is no moult that this package can talk to (needed: {__version__}): {wrong}"
            ) from wrong
        if hello["moult"] != __version__:
            raise MoultMissing(
                f"{self.program} is moult {hello['moult']}, and this package is for {__version__}; install that one, or set "
                "MOULT_BINARY to the path of it"
            )

    # --- asking -----------------------------------------------------------------------------------------------------

    async def ask(self, method: str, **params: Any) -> Any:
        """The result; MoultError when moult says that it failed, or is gone. Cancelled, it sees to it that moult stops."""
        number, answer = self.send(method, params)
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            if method not in ("cancel", "execute", "query"):
                await self.stop(number, answer)
            raise

    def send(self, method: str, params: dict[str, Any]) -> tuple[int, asyncio.Future[Any]]:
        number = next(self.numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self.broken:
            answer.set_exception(MoultError(self.broken))
            return number, answer
        self.waiting[number] = answer
        self.write({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return number, answer

    async def stop(self, number: int, answer: asyncio.Future[Any]) -> None:
        self.send("cancel", {"id": number})[1].add_done_callback(lambda done: done.cancelled() or done.exception())
        with contextlib.suppress(MoultError, asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(answer), STOP_SECONDS)

    def write(self, message: dict[str, Any]) -> None:
        assert self.process and self.process.stdin
        with contextlib.suppress(OSError, RuntimeError):  # its end is told by read()
            self.process.stdin.write(json.dumps(message).encode() + b"\n")

    # --- hearing ----------------------------------------------------------------------------------------------------

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def read(self) -> None:
        assert self.process and self.process.stdout
        try:
            while line := await self.process.stdout.readline():
                self.hear(json.loads(line))
            why = ended(await self.process.wait())
        except (ValueError, OSError) as wrong:
            why = f"said what is not JSON: {wrong}"
        self.broken = (
            f"the moult process {why}; its journal has what was begun: start again, or 'fastapi-easy migrate resume'"
        )
        for answer in self.waiting.values():
            if not answer.done():
                answer.set_exception(MoultError(self.broken))
        self.waiting.clear()

    def hear(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            answer = self.waiting.pop(message.get("id") or 0, None)
            if answer is None or answer.done():
                return
            if "error" in message:
                answer.set_exception(error_of(message["error"]))
            else:
                answer.set_result(message.get("result"))
        elif "id" in message:
            self.begin(self.answer(message))
        else:
            self.event(message["method"], message.get("params") or {})

    async def answer(self, message: dict[str, Any]) -> None:
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": message["id"]}
        try:
            reply["result"] = await self.questions[message["method"]](message["params"])
        except Exception as wrong:
            reply["error"] = {"code": -32000, "message": f"{type(wrong).__name__}: {wrong}"}
        self.write(reply)

    async def read_errors(self) -> None:
        """What it says beside the protocol is for an operator."""
        assert self.process and self.process.stderr
        with contextlib.suppress(OSError, ValueError):
            while line := await self.process.stderr.readline():
                log.warning("%s", line.decode(errors="replace").rstrip())

    # --- the end ----------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """The end of its input ends it; one that does not hear that is killed."""
        if self.process is None:
            return
        assert self.process.stdin
        self.process.stdin.close()
        try:
            await asyncio.wait_for(asyncio.shield(self.process.wait()), CLOSE_SECONDS)
        except (asyncio.TimeoutError, asyncio.CancelledError):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            await self.process.wait()
            raise_if_cancelled()
        finally:
            for task in list(self.tasks):
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)


def raise_if_cancelled() -> None:
    task = asyncio.current_task()
    if task is not None and getattr(task, "cancelling", int)():
        raise asyncio.CancelledError


def ended(status: int) -> str:
    if status < 0:
        return f"was ended by signal {signal.Signals(-status).name}"
    return f"ended with {status}"


def error_of(error: dict[str, Any]) -> MoultError:
    data = error.get("data") or {}
    told = {key: ours(value) if isinstance(value, str) else value for key, value in data.items()}
    return MoultError(ours(error.get("message") or "it did not say why"), told)


def log_event(method: str, params: dict[str, Any]) -> None:
    if method == "log":
        log.log(logging.WARNING if params["level"] == "warning" else logging.INFO, "%s", params["message"])
    elif method == "step":
        log.info(
            "step %d of %d%s: %s",
            params["step"],
            params["steps"],
            " done" if params["finished"] else "",
            params["title"],
        )
