"""The frames of a session, and the answers to them."""

import io
import json

READY = {"method": "initialized"}
HELLO = {"id": 1, "method": "initialize", "params": {"protocol": ["0.9", "1.0"], "limits": {"max_message_bytes": 65536}}}


def load(config=None, name="h", hook="pre"):
    hooks = [{"hook_type": hook, "hook_name": name}]
    return {"id": 2, "method": "api/load", "params": {
        "api_id": "a", "generation": 1, "org_id": "acme", "hooks": hooks, "config_data": config}}


def run(id=3, name="h", hook="pre", deadline=60000, **params):
    return {"id": id, "method": "dispatch", "params": {
        "hook_type": hook, "hook_name": name, "api_id": "a", "generation": 1, "deadline_ms": deadline,
        "request": {"method": "GET", "url": "/x?a=1&a=2", "host": "h", "header_list": [["X-One", "1"], ["x-one", "2"]]},
        **params}}


def play(plugin, *frames):
    """Plays frames and returns the answers, and notifications as they come."""
    out = io.BytesIO()
    lines = [frame if isinstance(frame, bytes) else json.dumps({"jsonrpc": "2.0", **frame}).encode() + b"\n" for frame in frames]
    plugin.play(lines, out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def answer(plugin, *frames, id=3):
    """Plays a session and returns the answer with an id."""
    (found,) = [a for a in play(plugin, HELLO, READY, *frames) if a.get("id") == id]
    return found
