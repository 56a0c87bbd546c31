# SPDX-License-Identifier: MIT
"""Redis for tests: a server of our own that counts what it is asked and can misbehave, and the real one on a private socket."""

import contextlib
import shutil
import socket
import socketserver
import subprocess
import threading
import time

import pytest


class Fake:
    """Speaks enough of Redis for a cache. `answer(words)` may give raw bytes instead of the proper answer, or None."""

    def __init__(self, answer=None, wrap=None):
        self.keys, self.walk, self.commands, self.answer, self.wrap = {}, [], [], answer, wrap
        fake = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError, ValueError):
                    fake.serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self):
        return "redis://127.0.0.1:%d/0" % self.port

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def names(self):
        return [words[0].upper() for words in self.commands]

    def serve(self, conn):
        if self.wrap:
            conn = self.wrap(conn)
        stream = conn.makefile("rb")
        while line := stream.readline():
            words = []
            for _ in range(int(line[1:])):
                size = int(stream.readline()[1:])
                words.append(stream.read(size + 2)[:-2].decode())
            self.commands.append(words)
            answer = self.answer(words) if self.answer else None
            conn.sendall(self.proper(words) if answer is None else answer)

    def proper(self, words):
        name, args = words[0].upper(), words[1:]
        if name in ("AUTH", "SELECT"):
            return b"+OK\r\n"
        if name == "GET":
            value = self.keys.get(args[0])
            return b"$-1\r\n" if value is None else bulk(value)
        if name == "SET":
            self.keys[args[0]] = args[1]
            return b"+OK\r\n"
        if name == "HINCRBY":
            fields = self.keys.setdefault(args[0], {})
            fields[args[1]] = fields.get(args[1], 0) + int(args[2])
            return b":%d\r\n" % fields[args[1]]
        if name == "DEL":
            return b":%d\r\n" % sum(self.keys.pop(k, None) is not None for k in args)
        if name == "SCAN":
            at = int(args[0])
            self.walk = sorted(self.keys) if at == 0 else self.walk  # as the real one: what is there all the time is given once
            part = self.walk[at:at + 10]
            return b"*2\r\n" + bulk("0" if at + 10 >= len(self.walk) else str(at + 10)) + b"*%d\r\n" % len(part) + b"".join(map(bulk, part))
        return b"-ERR unknown command '%s'\r\n" % name.encode()


def bulk(text):
    data = text.encode()
    return b"$%d\r\n%s\r\n" % (len(data), data)


@contextlib.contextmanager
def real(folder, *options):
    """redis-server on a socket of its own, ended by its own process id. Gives the path of the socket."""
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed")
    path = folder / "redis.sock"
    server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no",
                               "--dir", str(folder), "--daemonize", "no", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            if path.exists():
                break
            time.sleep(0.05)
        yield path
    finally:
        server.terminate()
        server.wait(timeout=30)


def command(path, *words):
    """One command to the real one; the first line of its answer."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(path))
        s.sendall(b"*%d\r\n" % len(words) + b"".join(map(bulk, words)))
        return s.makefile("rb").readline().decode().strip()


def many(path, prefix, count):
    """Sets that many keys, in one go."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(path))
        s.sendall(b"".join(b"*3\r\n$3\r\nSET\r\n" + bulk("%s%d" % (prefix, i)) + bulk("x") for i in range(count)))
        stream = s.makefile("rb")
        for _ in range(count):
            assert stream.readline() == b"+OK\r\n"


def info(path, section):
    """What INFO says."""
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(path))
        s.sendall(b"*2\r\n$4\r\nINFO\r\n" + bulk(section))
        stream = s.makefile("rb")
        return stream.read(int(stream.readline()[1:])).decode()
