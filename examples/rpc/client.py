#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""client.py DATABASE [MOULT] - drives `moult rpc`: what a client in any language has to do. docs/rpc.md explains the messages."""
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
        self.asked = mine = self.asked + 1
        self.send(id=mine, method=method, params=params)
        for message in map(json.loads, iter(self.process.stdout.readline, b"")):
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

    def run(self, method, sql, *params):  # "query": its rows; "execute": how many it changed
        result = self.call(method, sql=sql, params=[to_json(p) for p in params])
        return [tuple(from_json(v) for v in row) for row in result["rows"]] if "rows" in result else result["changed"]


def to_json(value):  # what JSON has no form for: docs/rpc.md, "Values"
    if isinstance(value, bytes):
        return {"blob": base64.b64encode(value).decode()}
    if isinstance(value, int) and abs(value) >= 2**53:
        return {"integer": str(value)}
    if isinstance(value, float) and not math.isfinite(value):
        return {"real": str(value)}
    return value if isinstance(value, (int, float, str, type(None))) else str(value)  # dates, decimals: their text


def from_json(value):  # a blob, and a text that is not UTF-8, are bytes
    kind, text = next(iter(value.items())) if isinstance(value, dict) else ("plain", value)
    return {"plain": lambda v: v, "integer": int, "real": float}.get(kind, base64.b64decode)(text)


def split_name(moult):
    for key, name in moult.run("query", "SELECT id, name FROM users WHERE first_name IS NULL"):
        moult.run("execute", "UPDATE users SET first_name = ? WHERE id = ?", name.split()[0], key)


if __name__ == "__main__":
    moult = Moult(*sys.argv[2:3], hooks={"v2_split_name": split_name})
    moult.call("open", url=sys.argv[1], desired={"name": "client.py", "sql": SCHEMA}, mode="auto",
               hooks=[{"version": "v2_split_name", "trigger": "before_ddl", "code": "1"}])
    result = moult.call("apply")
    print(result["text"])
    sys.exit(result["exit_code"])
