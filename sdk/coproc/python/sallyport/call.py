"""What a handler gets."""

from __future__ import annotations

import base64
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Tuple


class API:
    """What the gateway said of an API when it was loaded."""

    __slots__ = ("config", "generation", "hooks", "id", "org_id")

    def __init__(self, params: dict):
        self.id: str = params["api_id"]
        self.generation: int = params["generation"]
        self.org_id: str = params.get("org_id", "")
        self.hooks: List[dict] = params.get("hooks") or []  # hook_type, hook_name, config
        self.config: Any = params.get("config_data")  # config data of the API; None without


class Message:
    """A request or a reply."""

    __slots__ = ("_fields", "params")

    def __init__(self, params: dict):
        self.params = params  # as it came
        self._fields: Optional[List[Tuple[str, str]]] = None

    @property
    def method(self) -> str:
        return self.params.get("method", "")

    @property
    def url(self) -> str:
        """Path and query as received."""
        return self.params.get("url", "")

    @property
    def scheme(self) -> str:
        return self.params.get("scheme", "")

    @property
    def host(self) -> str:
        return self.params.get("host", "")

    @property
    def remote_addr(self) -> str:
        return self.params.get("remote_addr", "")

    @property
    def status(self) -> int:
        """The status of a reply."""
        return self.params.get("status_code", 0)

    @property
    def headers(self) -> List[Tuple[str, str]]:
        """All fields in their order. Bytes that are not UTF-8 are surrogate escapes."""
        if self._fields is None:
            self._fields = [_field(pair) for pair in self.params.get("header_list") or ()]
        return self._fields

    def header(self, name: str, default: Optional[str] = None) -> Optional[str]:
        """The first value of a field."""
        name = name.lower()
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return default

    def header_values(self, name: str) -> List[str]:
        name = name.lower()
        return [value for key, value in self.headers if key.lower() == name]

    @property
    def body(self) -> bytes:
        """The body, if the handler declared that it needs it."""
        text = self.params.get("body")
        if text is not None:
            return text.encode()
        return base64.b64decode(self.params.get("raw_body") or "")

    @property
    def truncated(self) -> bool:
        return self.params.get("body_truncated", False)


def _field(pair: list) -> Tuple[str, str]:
    if len(pair) == 3:
        return pair[0], base64.b64decode(pair[2]).decode("utf-8", "surrogateescape")
    return pair[0], pair[1]


class Call:
    """One hook to run."""

    __slots__ = ("_cancelled", "_event", "_notify", "api", "deadline", "params", "request", "response")

    def __init__(self, params: dict, api: API, notify: Callable[[str, dict], None]):
        self.params = params  # as they came
        self.api = api
        self.request = Message(params.get("request") or {})
        response = params.get("response")
        self.response = Message(response) if response is not None else None
        self.deadline: float = time.monotonic() + max(params.get("deadline_ms", 0), 1) / 1000
        self._notify = notify
        self._cancelled = False
        self._event: Optional[threading.Event] = None

    @property
    def hook(self) -> str:
        return self.params["hook_type"]

    @property
    def request_id(self) -> str:
        return self.params.get("request_id", "")

    @property
    def session(self) -> Optional[Dict[str, Any]]:
        """What is known of the caller, after auth."""
        return self.params.get("session")

    @property
    def meta(self) -> Dict[str, str]:
        """What earlier plugins of the request left."""
        return self.params.get("meta") or {}

    @property
    def event(self) -> Dict[str, Any]:
        """Name and data, in the hook event."""
        return self.params.get("event") or {}

    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self._cancelled or self.remaining() <= 0

    def remaining(self) -> float:
        """The seconds until the deadline; a good timeout for whatever blocks."""
        return self.deadline - time.monotonic()

    def wait(self, seconds: float = float("inf")) -> bool:
        """Sleeps until the time is over or the call is cancelled; returns whether it is."""
        event = self._event = self._event or threading.Event()
        if not self._cancelled:  # set before cancel looks for the event
            event.wait(max(min(seconds, self.remaining()), 0))
        return self.cancelled

    def cancel(self) -> None:
        self._cancelled = True
        if self._event is not None:
            self._event.set()

    def log(self, level: str, text: str, **attrs: Any) -> None:
        """Adds a line to the gateway's log, joined with the request."""
        params = {"level": level, "msg": text, "request_id": self.request_id}
        if attrs:
            params["attrs"] = attrs
        self._notify("log", params)
