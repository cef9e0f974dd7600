"""Handlers written for Tyk's coprocess object.

    from sallyport import Plugin, tyk

    plugin = Plugin("legacy")

    @tyk.hook(plugin, "pre")
    def add_header(request, session, spec):
        request.add_header("X-From", "python")
        return request, session

    @tyk.hook(plugin, "auth")
    def check(request, session, metadata, spec):
        if request.get_header("Authorization") == "47a0c79c427728b3df4af62b9228c8ae":
            session.rate, session.per = 1000.0, 1.0
            metadata["token"] = "47a0c79c427728b3df4af62b9228c8ae"
        return request, session, metadata

The functions are Tyk's: ``(request, session, spec)``, with ``metadata`` before
``spec`` if it is asked for, and ``(request, response, session, metadata, spec)``
in the hook response. They run in threads.
"""

from __future__ import annotations

import inspect
import json
from typing import Any, Callable, Dict, List, Optional, Tuple
from urllib.parse import parse_qsl, urlsplit

from . import result
from .call import Call, Message
from .plugin import Plugin

REQUEST_PARTS = ("headers", "query", "path", "method", "body", "session")
WRITES = {"auth": REQUEST_PARTS, "response": ("headers", "body", "status")}
FORBIDDEN = {"response_code": 403, "response_error": "Forbidden"}


class Object:
    """Attributes that may be set; unknown ones are an error."""

    def __init__(self, **fields: Any):
        self.__dict__.update(fields)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self.__dict__:
            raise AttributeError(f"no field {name}")
        self.__dict__[name] = value


class Request:
    """Tyk's request: ``object`` holds the fields, the methods edit it."""

    def __init__(self, message: Message):
        query = parse_qsl(urlsplit(message.url).query, keep_blank_values=True)
        self.object = Object(
            headers=_first(message.headers), set_headers={}, delete_headers=[],
            body=_text(message.body), raw_body=message.body, url=message.url, params=dict(reversed(query)),
            add_params={}, extended_params={}, delete_params=[], method=message.method,
            request_uri=message.url, scheme=message.scheme,
            return_overrides=Object(
                response_code=-1, response_error="", response_body="", headers={}, override_error=False),
        )
        self.object.headers.setdefault("Host", message.host)

    def get_header(self, name: str) -> str:
        return self.object.headers.get(_canonical(name), "")

    def add_header(self, name: str, value: str) -> None:
        self.object.set_headers[name] = value

    def delete_header(self, name: str) -> None:
        self.object.delete_headers.append(name)

    def get_param(self, name: str) -> str:
        return self.object.params.get(name, "")

    def add_param(self, name: str, value: str) -> None:
        self.object.add_params[name] = value

    def delete_param(self, name: str) -> None:
        self.object.delete_params.append(name)

    def set_body(self, body: Any) -> None:
        self.object.raw_body = body.encode() if isinstance(body, str) else body


class Session(dict):
    """Tyk's session: fields as attributes, 0 or empty if they are not set."""

    EMPTY = {"tags": list, "metadata": dict, "access_rights": dict, "key_id": str, "alias": str, "org_id": str}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.setdefault(name, self.EMPTY.get(name, int)())

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


class Response:
    """Tyk's response."""

    def __init__(self, message: Message):
        self.status_code: int = message.status
        self.body = _text(message.body)
        self.raw_body = message.body
        self.headers: Dict[str, str] = _first(message.headers)
        self.multivalue_headers: List[Object] = [
            Object(key=key, values=values) for key, values in _all(message.headers).items()]


def hook(plugin: Plugin, name: str, /, **declaration: Any) -> Callable[[Callable], Callable]:
    """Declares a function that is written for Tyk as the handler of one hook.

    ``name`` is the gateway's hook: pre, auth, post_key_auth, post or response.
    """

    def declare(function: Callable) -> Callable:
        wants_metadata = name != "response" and len(inspect.signature(function).parameters) > 3

        def handler(call: Call) -> dict:
            if name == "response":
                return _respond(call, function)
            return _request(call, function, wants_metadata)

        handler.__name__ = function.__name__
        plugin.hook(name, body="utf8", writes=WRITES.get(name, REQUEST_PARTS), **declaration)(handler)
        return function

    return declare


def spec(call: Call) -> Dict[str, str]:
    """Returns Tyk's spec: config data is text."""
    out = {"OrgID": call.api.org_id, "APIID": call.api.id, "bundle_hash": ""}
    if call.api.config:
        out["config_data"] = json.dumps(call.api.config)
    return out


def _request(call: Call, function: Callable, wants_metadata: bool) -> dict:
    request, session = Request(call.request), Session(call.session or {})
    before = strings(session.get("metadata"))
    metadata = dict(before)
    if wants_metadata:
        returned = function(request, session, metadata, spec(call))
    else:
        returned = function(request, session, spec(call))
    if not isinstance(returned, tuple):
        returned = (returned,)
    if returned and isinstance(returned[0], Request):
        request = returned[0]
    session = returned[1] if len(returned) > 1 else session
    metadata = returned[2] if len(returned) > 2 else metadata
    out = {"action": "continue", "request": request_edits(call.request, request.object)}
    overrides = _overrides(request.object.return_overrides)
    if overrides:
        out["request"]["return_overrides"] = overrides
        out["action"] = "respond"
    elif call.hook == "auth":
        _admit(out, session, metadata)
    elif metadata != before:
        out["session"] = {"metadata": merged(session, metadata)}
    return out


def merged(session: Session, metadata: Dict[str, str]) -> Dict[str, Any]:
    """Returns the session's metadata with what changed; the rest keeps its type."""
    own = session.get("metadata") or {}
    known = strings(own)
    return {**own, **{name: value for name, value in metadata.items() if known.get(name) != value}}


def _admit(out: dict, session: Optional[Session], metadata: Dict[str, str]) -> None:
    """Turns Tyk's convention, a session and a token, into a verdict."""
    token = metadata.get("token")
    if session is None or not token:
        out["action"] = "deny"
        out["request"]["return_overrides"] = FORBIDDEN
        return
    known = dict(session)
    known["metadata"] = merged(session, metadata)
    known["key_id"] = token
    out.update(action="allow", session=known)


def request_edits(message: Message, new: Object) -> dict:
    """Returns what differs. Of the body only raw_body is read back."""
    out: Dict[str, Any] = {}
    result.headers(out, dict(new.set_headers), [], list(new.delete_headers))
    if new.url != message.url:
        out["url"] = new.url
    if new.method != message.method:
        out["method"] = new.method
    if new.delete_params:
        out["delete_params"] = list(new.delete_params)
    if new.add_params:
        out["add_params"] = dict(new.add_params)
    if new.raw_body != message.body:
        result.put_body(out, bytes(new.raw_body))
    return out


def _overrides(new: Object) -> Optional[dict]:
    if new.response_code <= 0:
        return None
    text = new.response_error or new.response_body
    out = {"response_code": new.response_code, "headers": dict(new.headers), "override_error": bool(new.override_error)}
    if new.response_code >= 400 and not new.override_error:
        out["response_error"] = text or "Key not authorised"
    else:
        out["response_body"] = new.response_body or new.response_error
    return out


def _respond(call: Call, function: Callable) -> dict:
    old = call.response
    new = Response(old)
    session = Session(call.session or {})
    returned = function(Request(call.request), new, session, strings(session.get("metadata")), spec(call))
    new = returned if isinstance(returned, Response) else new
    out: Dict[str, Any] = {}
    if new.status_code != old.status:
        out["status_code"] = new.status_code
    if new.raw_body != old.body:
        result.put_body(out, bytes(new.raw_body))
    sets, deletes = reply_headers(old.headers, new.headers, [(f.key, f.values) for f in new.multivalue_headers])
    result.headers(out, sets, [], deletes)
    return {"action": "continue", "response": out}


def reply_headers(old: List[Tuple[str, str]], first: Dict[str, str],
                  multi: List[Tuple[str, List[str]]]) -> Tuple[Dict[str, List[str]], List[str]]:
    """Merges both views of a reply's header as Tyk does: multivalue_headers
    hold; in headers a new value replaces the first, new names are added and
    missing ones removed."""
    was, values = _first(old), {key: list(v) for key, v in multi}
    for name, value in first.items():
        if was.get(name) != value:
            values[name] = [value] + values.get(name, [])[1:]
    for name in was.keys() - first.keys():
        values.pop(name, None)
    before = _all(old)
    return ({name: v for name, v in values.items() if v and before.get(name) != v},
            [name for name in before if not values.get(name)])


def strings(metadata: Optional[dict]) -> Dict[str, str]:
    """Returns metadata as Tyk has it: what is not text is JSON."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in (metadata or {}).items()}


def _canonical(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def _all(fields: List[Tuple[str, str]]) -> Dict[str, List[str]]:
    out: Dict[str, List[str]] = {}
    for name, value in fields:
        out.setdefault(_canonical(name), []).append(value)
    return out


def _first(fields: List[Tuple[str, str]]) -> Dict[str, str]:
    return {name: values[0] for name, values in _all(fields).items()}


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return ""
