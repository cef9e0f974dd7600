#!/usr/bin/env python3
"""conform as a Python process, see the README of the conformance kit."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "sdk", "coproc", "python"))

import asyncio  # noqa: E402

import sallyport  # noqa: E402

plugin = sallyport.Plugin("conform", "1.0")
NONE = "(none)"


class Told(Exception):
    """What the script asked for, or could not mean."""


class Run:
    """One call: collects the changes that the answer will hold."""

    def __init__(self, call):
        self.call = call
        self.config = call.api.config or {}
        self.edits = {False: {}, True: {}}  # of the request, of the reply
        self.result = {"action": "allow" if call.hook == "auth" else "continue"}

    async def script(self):
        for line in self.config.get("script", {}).get(self.call.hook, ()):
            await self.line(line)
        for name, edits in (("request", self.edits[False]), ("response", self.edits[True])):
            if edits:
                self.result[name] = edits
        return self.result

    async def line(self, line):
        name, _, args = line.partition(" ")
        if name == "fail":
            raise Told("told to fail")
        if name == "hang":
            await asyncio.Event().wait()
        elif name == "print":
            print(args)
        elif name.startswith("echo-"):
            source, two, target = args.partition(" ")
            self.set_header(self.call.hook == "response", target if two else source, self.see(name, source))
        elif name.endswith("-header"):
            self.header(name, args)
        elif name.endswith("-body"):
            self.body(name, bytes.fromhex(args))
        else:
            self.set(name, args)

    def set_header(self, reply, name, value):
        edits = sallyport.result.edits(set_headers={name: value})
        mine = self.edits[reply]
        for key, change in edits.items():
            if isinstance(change, dict):
                mine.setdefault(key, {}).update(change)
            else:
                mine.setdefault(key, []).extend(change)

    def header(self, op, args):
        name, _, value = args.partition(" ")
        reply = "-reply-" in op
        if op.startswith("set-"):
            self.set_header(reply, name, value)
        elif op.startswith("add-"):
            edits = sallyport.result.edits(add_headers=[(name, value)])
            self.edits[reply].setdefault("add_headers", []).extend(edits["add_headers"])
        else:
            self.edits[reply].setdefault("delete_headers", []).append(name)

    def body(self, op, data):
        reply = "-reply-" in op
        if op.startswith("append-"):
            data = self.seen(reply).body + data
        for form in ("body", "raw_body"):
            self.edits[reply].pop(form, None)
        sallyport.result.put_body(self.edits[reply], data)

    def seen(self, reply):
        return (self.call.response or sallyport.Message({})) if reply else self.call.request

    def set(self, op, args):
        first, _, rest = args.partition(" ")
        if op in ("set-method", "set-host"):
            self.edits[False][op[4:]] = args
        elif op == "set-uri":
            self.edits[False]["url"] = args
        elif op == "set-status":
            self.edits[True]["status_code"] = int(args)
        elif op == "set-meta":
            self.result.setdefault("meta", {})[first] = rest
        elif op == "set-session":
            session = json.loads(args)  # the session store says meta_data
            if "meta_data" in session:
                session["metadata"] = session.pop("meta_data")
            self.result["session"] = session
        elif op == "set-metadata":
            self.result["session"] = {"metadata": json.loads(args)}
        elif op == "answer":
            self.result["action"] = "respond"
            self.edits[True]["status_code"] = int(first)
            self.body("set-reply-body", bytes.fromhex(rest))
        else:
            raise Told(f"no such line: {op}")

    def see(self, op, source):
        request, reply, session = self.call.request, self.seen(True), self.call.session
        looks = {
            "echo-header": lambda: request.header(source, NONE),
            "echo-values": lambda: "|".join(request.header_values(source)) or NONE,
            "echo-reply-header": lambda: reply.header(source, NONE),
            "echo-meta": lambda: self.call.meta.get(source, NONE),
            "echo-config": lambda: self.config.get(source, NONE),
            "echo-metadata": lambda: ((session or {}).get("metadata") or {}).get(source, NONE),
            "echo-session": lambda: NONE if session is None else f"{session.get('key_id', '')}/{session.get('alias', '')}",
            "echo-method": lambda: request.method,
            "echo-uri": lambda: request.url,
            "echo-host": lambda: request.host,
            "echo-status": lambda: str(reply.status),
            "echo-body": lambda: request.body.hex() or "(empty)",
            "echo-reply-body": lambda: reply.body.hex() or "(empty)",
        }
        if op not in looks:
            raise Told(f"no such line: {op}")
        return looks[op]()


@plugin.hook(*sallyport.HOOKS, body="utf8", writes=sallyport.PARTS)
async def conform(call):
    return await Run(call).script()


if __name__ == "__main__":
    plugin.main()
