"""What a handler raises to choose the error answer."""

from __future__ import annotations

from typing import Any

NOT_JSON = -32700
BAD_REQUEST = -32600
NO_METHOD = -32601
BAD_PARAMS = -32602
FAILED = -32603
NOT_READY = -32002
CANCELLED = -32800
NO_PROTOCOL = 4001
NO_HANDLER = 4002
UNKNOWN_API = 4003
OVERLOADED = 4004
SHUTTING_DOWN = 4005
UNAVAILABLE = 4006


class Failure(Exception):
    """An error answer with a code. Its text goes to the gateway's log, never to the client."""

    def __init__(self, code: int, message: str, data: Any = None):
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    def answer(self) -> dict:
        error = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return error


class Unavailable(Failure):
    """Something that the handler depends on failed: 503 by policy."""

    def __init__(self, message: str):
        super().__init__(UNAVAILABLE, message)


class Overloaded(Failure):
    """The call was not executed: 503, or another try after some time."""

    def __init__(self, retry_after: float = 0.0):
        super().__init__(OVERLOADED, "overloaded", {"retry_after_ms": int(retry_after * 1000)})


def of(error: BaseException) -> dict:
    """Returns the error answer for what a handler raised."""
    if isinstance(error, Failure):
        return error.answer()
    return {"code": FAILED, "message": f"{type(error).__name__}: {error}"}
