"""What a process offers."""

from __future__ import annotations

import inspect
import os
import sys
from typing import Any, BinaryIO, Callable, Dict, Iterable, List, Optional, Tuple, Union

from . import stdio
from .call import API, Call
from .server import Server

HOOKS = ("pre", "auth", "post_key_auth", "rate_limit", "post", "virtual", "response", "event")
REPLACING = frozenset(("auth", "rate_limit", "virtual"))
PARTS = ("headers", "query", "path", "method", "host", "body", "status", "session", "meta")
BODIES = ("none", "utf8", "base64")

Function = Callable[[Call], Any]


class Handler:
    """A function with its declaration."""

    __slots__ = ("declaration", "function", "hooks", "is_async", "name")

    def __init__(self, function: Function, name: str, hooks: Tuple[str, ...], declaration: Dict[str, Any]):
        self.function, self.name, self.hooks, self.declaration = function, name, hooks, declaration
        self.is_async = inspect.iscoroutinefunction(function)

    def declare(self) -> List[dict]:
        """Once for the hooks it replaces, once for those it augments."""
        out = []
        for mode, replaces in (("augment", False), ("replace", True)):
            hooks = [hook for hook in self.hooks if (hook in REPLACING) == replaces]
            if hooks:
                out.append({"hook_name": self.name, "hook_types": hooks, "mode": mode, **self.declaration})
        return out


class Plugin:
    """The handlers of one process."""

    def __init__(self, name: str = "python", version: str = "0", *, max_in_flight: int = 256, threads: int = 32,
                 max_message: int = 8 << 20, grace: float = 2.0):
        """``threads`` bounds how many plain functions run at once; ``grace`` is
        what calls may take to end after stdin has ended, in seconds."""
        self.name, self.version = name, version
        self.max_in_flight, self.threads = max_in_flight, threads
        self.max_message, self.grace = max_message, grace
        self.handlers: Dict[Tuple[str, str], Handler] = {}  # by name and hook
        self.loaded: Optional[Callable[[API], Any]] = None
        self.unloaded: Optional[Callable[[API], Any]] = None
        self.gateway: Dict[str, Any] = {}  # params of initialize: gateway, limits, sandbox, pid
        self._declared: List[Handler] = []
        self._server: Optional[Server] = None

    def hook(self, *hooks: str, name: Optional[str] = None, headers: Union[str, Iterable[str]] = "all",
             body: str = "none", max_body: int = 0, truncate: bool = False, writes: Iterable[str] = (),
             idempotent: bool = False, cacheable: bool = False) -> Callable[[Function], Function]:
        """Declares the decorated function as the handler of hooks.

        ``name`` is the ``entry`` of a plugin in the gateway's configuration,
        the function's name by default. Only the ``headers`` and the ``body``
        ("none", "utf8" or "base64") asked for are sent; the gateway drops a
        change that is not among ``writes``.
        """
        writes = list(writes)
        _check("hook", hooks, HOOKS)
        _check("part", writes, PARTS)
        _check("body", (body,), BODIES)
        if not hooks:
            raise ValueError("a handler needs a hook")
        declaration: Dict[str, Any] = {
            "headers": headers if isinstance(headers, str) else list(headers), "body": body, "writes": writes,
        }
        if max_body:
            declaration.update(max_body=max_body, truncate=truncate)
        if idempotent:
            declaration["idempotent"] = True
        if cacheable:
            declaration["cacheable"] = True

        def declare(function: Function) -> Function:
            self._add(Handler(function, name or function.__name__, hooks, declaration))
            return function

        return declare

    def _add(self, handler: Handler) -> None:
        for hook in handler.hooks:
            if (handler.name, hook) in self.handlers:
                raise ValueError(f"two handlers named {handler.name} for the hook {hook}")
            self.handlers[handler.name, hook] = handler
        self._declared.append(handler)

    def declarations(self) -> List[dict]:
        """What the gateway is told of the handlers."""
        return [declaration for handler in self._declared for declaration in handler.declare()]

    def on_load(self, function: Callable[[API], Any]) -> Callable[[API], Any]:
        """Decorates what is called before an API's calls, with each generation.

        What it raises refuses the API; the operator reads the text.
        """
        self.loaded = function
        return function

    def on_unload(self, function: Callable[[API], Any]) -> Callable[[API], Any]:
        """Decorates what is called when no calls of a generation come any more."""
        self.unloaded = function
        return function

    def log(self, level: str, text: str, **attrs: Any) -> None:
        """Adds a line to the gateway's log; levels are debug, info, warn and error."""
        self._notify("log", {"level": level, "msg": text, "attrs": attrs})

    def count(self, name: str, delta: float = 1, **labels: str) -> None:
        """Adds to a counter."""
        self._notify("metric", {"name": name, "kind": "counter", "value": delta, "labels": labels})

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Sets a gauge."""
        self._notify("metric", {"name": name, "kind": "gauge", "value": value, "labels": labels})

    def status(self, state: str, max_in_flight: Optional[int] = None) -> None:
        """Tells the gateway "ready", "degraded" or "overloaded", and how many calls it may send at once."""
        params: Dict[str, Any] = {"state": state}
        if max_in_flight is not None:
            params["max_in_flight"] = max_in_flight
        self._notify("status", params)

    def _notify(self, method: str, params: dict) -> None:
        if self._server is not None:
            self._server.notify(method, params)

    def main(self) -> None:
        """Serves until stdin ends, and exits. With --play FILE it plays the file instead."""
        if len(sys.argv) == 3 and sys.argv[1] == "--play":
            with open(sys.argv[2], "rb") as frames, os.fdopen(stdio.take()[1], "wb") as out:
                self.play(frames, out)
            return
        fd_in, fd_out = stdio.take()
        clean = self.serve(fd_in, fd_out)
        sys.stdout.flush()
        if not clean:
            sys.stderr.flush()
            os._exit(0)  # a thread that does not end must not keep the process

    def serve(self, fd_in: int, fd_out: int) -> bool:
        """Serves on two descriptors until the first ends.

        Returns whether all calls have ended within the grace period.
        """
        self._server = Server(self, stdio.writer(fd_out))
        return self._server.run(fd_in)

    def play(self, frames: Iterable[bytes], out: BinaryIO) -> None:
        """The testing mode: feeds frames, one per line, and writes the answers.

        A frame is fed when the calls before it are answered, unless it is a
        cancel: the output is the same every time. Lines that begin with # are
        comments.
        """
        self._server = Server(self, out.write)
        self._server.play(frames)
        out.flush()


def _check(what: str, given: Iterable[str], known: Tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise ValueError(f"unknown {what} {name!r}: must be one of {', '.join(known)}")
