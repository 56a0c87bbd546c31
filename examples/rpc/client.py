#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""client.py - drives `moult rpc` in plain Python: what a client in any language has to do. docs/rpc.md explains the messages.

usage: client.py DATABASE [MOULT]     brings the database to the schema below, and runs its hook
"""
import base64
import json
import math
import subprocess
import sys

SCHEMA = "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, first_name TEXT);\n"


class Moult:
    def __init__(self, program="moult", hooks=None, log=print):
        self.hooks, self.log, self.asked = hooks or {}, log, 0
        self.process = subprocess.Popen([program, "rpc"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, **message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        self.process.stdin.flush()

    def call(self, method, **params):
        """Asks, and answers what moult asks meanwhile: the result, or an error raised."""
        self.asked += 1
        mine = self.asked
        self.send(id=mine, method=method, params=params)
        while line := self.process.stdout.readline():
            message = json.loads(line)
            if message.get("method") == "hook":
                self.run_hook(message["id"], message["params"]["version"])
            elif "method" in message:  # log, step, progress
                self.log(message["method"], message["params"])
            elif "error" in message:
                raise RuntimeError(f"{message['error']['message']} ({message['error']['data']['hint']})")
            elif message["id"] == mine:
                return message["result"]
        raise RuntimeError(f"moult ended with {self.process.wait()}")

    def run_hook(self, question, version):
        try:
            self.hooks[version](self)
            self.send(id=question, result=None)
        except Exception as e:  # whatever it is, the hook is undone
            self.send(id=question, error={"code": 1, "message": str(e)})

    def execute(self, sql, *params):
        return self.call("execute", sql=sql, params=[to_json(p) for p in params])["changed"]

    def query(self, sql, *params):
        rows = self.call("query", sql=sql, params=[to_json(p) for p in params])["rows"]
        return [tuple(from_json(value) for value in row) for row in rows]

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


def to_json(value):
    if isinstance(value, bytes):
        return {"blob": base64.b64encode(value).decode()}
    if isinstance(value, int) and abs(value) >= 2**53:
        return {"integer": str(value)}
    if isinstance(value, float) and not math.isfinite(value):
        return {"real": str(value)}
    return value if isinstance(value, (int, float, str, type(None))) else str(value)  # dates, decimals: their text


def from_json(value):
    if not isinstance(value, dict):
        return value
    (kind, text), = value.items()
    return {"integer": int, "real": float}.get(kind, base64.b64decode)(text)


def split_name(moult):
    for key, name in moult.query("SELECT id, name FROM users WHERE first_name IS NULL"):
        moult.execute("UPDATE users SET first_name = ? WHERE id = ?", name.split()[0], key)


if __name__ == "__main__":
    moult = Moult(*sys.argv[2:3] or ["moult"], hooks={"v2_split_name": split_name})
    moult.call("open", url=sys.argv[1], desired={"name": "client.py", "sql": SCHEMA}, mode="auto",
               hooks=[{"version": "v2_split_name", "trigger": "before_ddl", "code": "1"}])
    result = moult.call("apply")
    print(result["text"])
    moult.close()
    sys.exit(result["exit_code"])
