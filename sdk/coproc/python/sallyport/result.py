"""What a handler returns: only what changes.

A handler may also return the object of the protocol itself, a dict with
``action`` and the rest.
"""

from __future__ import annotations

import base64
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple, Union

Values = Union[str, List[str]]
Fields = Mapping[str, Values]


def edit(*, meta: Optional[Mapping[str, str]] = None, metadata: Optional[Mapping[str, Any]] = None,
         **changes: Any) -> dict:
    """Lets the request go on with changes.

    ``changes`` are delete_headers (names), set_headers (value or values by
    name), add_headers (pairs), url, delete_params, add_params (replaces),
    extended_params (appends), method, host and body (bytes or text). ``meta``
    is for later plugins, ``metadata`` replaces the session's.
    """
    result: Dict[str, Any] = {"action": "continue"}
    if changes:
        result["request"] = edits(**changes)
    if meta is not None:
        result["meta"] = dict(meta)
    if metadata is not None:
        result["session"] = {"metadata": dict(metadata)}
    return result


def edit_reply(*, meta: Optional[Mapping[str, str]] = None, status: Optional[int] = None, **changes: Any) -> dict:
    """Changes the reply, in the hook response: status, body and headers as in edit."""
    result: Dict[str, Any] = {"action": "continue", "response": edits(status, **changes)}
    if meta is not None:
        result["meta"] = dict(meta)
    return result


def respond(status: int, body: Union[bytes, str] = b"", headers: Optional[Fields] = None) -> dict:
    """Answers the client instead of the upstream."""
    return {"action": "respond", "response": edits(status, set_headers=headers or {}, body=body)}


def refuse(status: int, text: str, headers: Optional[Mapping[str, str]] = None) -> dict:
    """Answers with an error of the gateway's shape."""
    overrides = {"response_code": status, "response_error": text, "headers": dict(headers or {})}
    return {"action": "respond", "request": {"return_overrides": overrides}}


def allow(session: Mapping[str, Any], *, cache_ttl: float = 0, **changes: Any) -> dict:
    """Lets the caller in, in the hook auth. ``key_id`` of the session names the key.

    The gateway may use the answer again for ``cache_ttl`` seconds, if the
    handler is declared to be cacheable.
    """
    result = edit(**changes)
    result.update(action="allow", session=dict(session))
    if cache_ttl:
        result["cache_ttl_ms"] = int(cache_ttl * 1000)
    return result


def deny(status: int = 403, text: str = "") -> dict:
    """Refuses the caller, in the hook auth; without arguments in the gateway's words."""
    if status == 403 and not text:
        return {"action": "deny"}
    return {"action": "deny", "request": {"return_overrides": {"response_code": status, "response_error": text}}}


def edits(status: Optional[int] = None, *, set_headers: Optional[Fields] = None,
          add_headers: Iterable[Tuple[str, str]] = (), delete_headers: Iterable[str] = (),
          body: Union[bytes, str, None] = None, **rest: Any) -> dict:
    """Returns edits as the protocol has them."""
    out = {name: value for name, value in rest.items() if value is not None}
    unknown = out.keys() - {"url", "delete_params", "add_params", "extended_params", "method", "host"}
    if unknown:
        raise TypeError(f"unknown change: {', '.join(sorted(unknown))}")
    if status is not None:
        out["status_code"] = status
    headers(out, set_headers or {}, list(add_headers), list(delete_headers))
    if body is not None:
        put_body(out, body)
    return out


def headers(out: dict, sets: Fields, adds: List[Tuple[str, str]], deletes: List[str]) -> None:
    """Adds header edits. Only added fields may hold bytes that are not UTF-8."""
    texts = {}
    for name, value in sets.items():
        values = [value] if isinstance(value, str) else list(value)
        if all(map(_is_text, values)):
            texts[name] = value
        else:
            deletes.append(name)
            adds.extend((name, v) for v in values)
    if deletes:
        out["delete_headers"] = deletes
    if texts:
        out["set_headers"] = texts
    if adds:
        out["add_headers"] = [_pair(name, value) for name, value in adds]


def _pair(name: str, value: str) -> list:
    if _is_text(value):
        return [name, value]
    return [name, None, base64.b64encode(value.encode("utf-8", "surrogateescape")).decode()]


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def put_body(out: dict, body: Union[bytes, str]) -> None:
    """Sets the body in the form that costs least."""
    try:
        out["body"] = body if isinstance(body, str) else str(body, "utf-8")
    except UnicodeDecodeError:
        out["raw_body"] = base64.b64encode(body).decode()
