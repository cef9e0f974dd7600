#!/usr/bin/env python3
"""The header hook as an external process, without an SDK.

Requests come as one line of JSON-RPC 2.0 each on stdin, answers go to stdout.
Answers say only what changes.
"""

import json
import os
import sys

# print() must not break the protocol: whatever is written to descriptor 1
# goes to stderr, which is the gateway's log, and we keep stdout to ourselves.
stdin = sys.stdin.buffer
stdout = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)

HANDLERS = [{
    "hook_name": "headers",
    "hook_types": ["pre"],
    "mode": "augment",
    "headers": ["authorization", "user-agent"],
    "body": "none",
    "writes": ["headers"],
    "idempotent": True,
}]


class Failure(Exception):
    """An error answer."""

    def __init__(self, code, message, data=None):
        super().__init__(message)
        self.error = {"code": code, "message": message}
        if data is not None:
            self.error["data"] = data


def headers(call):
    """Refuses requests without credentials; tells the upstream who is calling."""
    fields = {pair[0].lower(): pair[1] or "" for pair in reversed(call["request"]["header_list"])}
    authorization = fields.get("authorization")
    if not authorization:
        overrides = {"response_code": 401, "response_error": "authorization required"}
        return {"action": "respond", "request": {"return_overrides": overrides}}
    tenant = authorization.split(" ")[-1].split(".")[0]  # "Bearer TENANT.SECRET"
    return {"action": "continue", "request": {
        "set_headers": {"X-Tenant": tenant, "X-Agent": fields.get("user-agent", "")},
        "delete_headers": ["X-Debug"],
    }}


def initialize(params):
    if "1.0" not in params["protocol"]:
        raise Failure(4001, "unsupported protocol", {"supported": ["1.0"]})
    return {
        "protocol": "1.0",
        "plugin": {"name": "coproc-headers", "version": "1.0"},
        "handlers": HANDLERS,
    }


def dispatch(params):
    if params["hook_name"] != "headers" or params["hook_type"] != "pre":
        raise Failure(4002, "no such handler")
    return headers(params)


def nothing(_params):
    return {}


METHODS = {
    "initialize": initialize, "dispatch": dispatch,
    "api/load": nothing, "api/unload": nothing, "ping": nothing, "shutdown": nothing,
}


def answer(message):
    reply = {"jsonrpc": "2.0", "id": message["id"]}
    try:
        method = METHODS.get(message["method"])
        if method is None:
            raise Failure(-32601, "method not found")
        reply["result"] = method(message.get("params"))
    except Failure as failure:
        reply["error"] = failure.error
    except Exception as exception:  # the gateway gets an answer, whatever happens
        reply["error"] = {"code": -32603, "message": repr(exception)}
    stdout.write(json.dumps(reply, separators=(",", ":")).encode() + b"\n")
    stdout.flush()


def main():
    for line in stdin:  # the end of stdin is the order to go
        message = json.loads(line)
        if "id" in message:  # the others are notifications: nothing to do for them
            answer(message)


if __name__ == "__main__":
    main()
