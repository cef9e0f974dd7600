"""One session with a gateway."""

from __future__ import annotations

import asyncio
import inspect
import json
import os
import threading
import traceback
from collections import deque
from typing import TYPE_CHECKING, Any, Callable, Deque, Dict, Iterable, List, Optional, Tuple

from . import errors
from .call import API, Call
from .errors import Failure
from .jobs import Job, Workers

if TYPE_CHECKING:
    from .plugin import Plugin

VERSION = "1.0"
CHUNK = 256 << 10

encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
decode = json.JSONDecoder().decode


class Server:
    """Everything but the work of threads happens in the event loop's thread."""

    def __init__(self, plugin: Plugin, write: Callable[[bytes], Any]):
        self._plugin, self._write = plugin, write
        self._loop = asyncio.new_event_loop()
        if hasattr(asyncio, "eager_task_factory"):
            self._loop.set_task_factory(asyncio.eager_task_factory)
        self._ended = self._loop.create_future()
        self._parts: List[bytes] = []  # of a line that is not complete
        self._size = 0
        self._out: List[bytes] = []
        self._flushing = False
        self._greeted = self._ready = self._leaving = False
        self._max_reply = plugin.max_message
        self._apis: Dict[Tuple[str, int], API] = {}
        self._jobs: Dict[Any, Job] = {}
        self._when_idle: List[Callable[[], None]] = []

        self._workers = Workers(plugin.threads, self._work)
        self._settled: Deque[Tuple[Optional[Job], bytes]] = deque()  # from any thread
        self._woken = False

    # --- the session ---

    def run(self, fd: int) -> bool:
        """Serves until fd ends; returns whether all calls have ended, too."""
        try:
            return self._loop.run_until_complete(self._serve(fd))
        finally:
            self._loop.close()

    async def _serve(self, fd: int) -> bool:
        try:
            self._loop.add_reader(fd, self._readable, fd)
        except (NotImplementedError, OSError):  # Windows, or a file
            threading.Thread(target=self._pump, args=(fd,), daemon=True).start()
        await self._ended
        for job in list(self._jobs.values()):
            self._cancel(job)
        try:
            await asyncio.wait_for(self._idle(), self._plugin.grace)
        except asyncio.TimeoutError:
            pass
        self._flush()
        return not self._jobs

    def play(self, frames: Iterable[bytes]) -> None:
        async def feed() -> None:
            for line in frames:
                if line.startswith(b"#"):
                    continue
                if b'"cancel"' not in line:
                    await self._idle()
                self._receive(line)
            await self._idle()
            self._flush()

        try:
            self._loop.run_until_complete(feed())
        finally:
            self._loop.close()

    async def _idle(self) -> None:
        await asyncio.sleep(0)  # a shutdown that waits for the same answers first
        if self._jobs:
            done = self._loop.create_future()
            self._when_idle.append(lambda: done.done() or done.set_result(None))
            await done

    # --- reading ---

    def _readable(self, fd: int) -> None:
        try:
            data = os.read(fd, CHUNK)
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(fd)
        self._feed(data)

    def _pump(self, fd: int) -> None:
        data = b"more"
        while data:
            data = os.read(fd, CHUNK)
            self._loop.call_soon_threadsafe(self._feed, data)

    def _feed(self, data: bytes) -> None:
        """Takes what was read. No bytes mean the end; an unfinished line before it is dropped."""
        if not data:
            self._ended.done() or self._ended.set_result(None)
            return
        lines = data.split(b"\n")
        if len(lines) > 1:
            self._keep(lines[0])
            whole = b"".join(self._parts)
            too_long = self._size > self._plugin.max_message + 1
            self._parts, self._size = [], 0
            if too_long:
                self._fail(None, errors.BAD_REQUEST, "message too large")
            else:
                self._receive(whole)
            for line in lines[1:-1]:
                self._receive(line)
        self._keep(lines[-1])

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if part and self._size <= self._plugin.max_message + 1:
            self._parts.append(part)

    # --- messages ---

    def _receive(self, line: bytes) -> None:
        if not line or line.isspace():
            return
        try:
            message = decode(str(line, "utf-8"))
        except (ValueError, RecursionError):
            self._fail(None, errors.NOT_JSON, "not JSON")
            return
        if not isinstance(message, dict):
            self._fail(None, errors.BAD_REQUEST, "not an object")
            return
        method, params = message.get("method"), message.get("params")
        if "id" not in message:
            self._notified(method, params)
            return
        id = message["id"]
        if not isinstance(id, (int, str)) or id in self._jobs:
            self._fail(None, errors.BAD_REQUEST, "no id, or one in use")
            return
        try:
            self._request(id, method, {} if params is None else params)
        except Failure as failure:
            self._answer(id, "error", failure.answer())
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            self._fail(id, errors.BAD_PARAMS, repr(error))

    def _notified(self, method: Any, params: Any) -> None:
        if method == "initialized":
            self._ready = True
        elif method == "cancel" and isinstance(params, dict) and isinstance(params.get("id"), (int, str)):
            job = self._jobs.get(params["id"])
            if job is not None:
                self._cancel(job)

    def _request(self, id: Any, method: Any, params: dict) -> None:
        if method == "dispatch" and self._ready:
            self._dispatch(id, params)
        elif not isinstance(method, str):
            raise Failure(errors.BAD_REQUEST, "no method")
        elif method == "initialize" and not self._greeted:
            self._initialize(id, params)
        elif not self._ready:
            raise Failure(errors.NOT_READY, "not initialized")
        elif method == "ping":
            self._answer(id, "result", {})
        elif method == "api/load":
            self._load(id, params)
        elif method == "api/unload":
            self._unload(id, params)
        elif method == "shutdown":
            self._shutdown(id)
        else:
            raise Failure(errors.NO_METHOD, "method not found")

    def _initialize(self, id: Any, params: dict) -> None:
        if VERSION not in params["protocol"]:
            raise Failure(errors.NO_PROTOCOL, "unsupported protocol", {"supported": [VERSION]})
        limits = params.get("limits") or {}
        self._max_reply = min(self._max_reply, limits.get("max_message_bytes") or self._max_reply)
        self._greeted = True
        plugin = self._plugin
        plugin.gateway = params
        self._answer(id, "result", {
            "protocol": VERSION,
            "plugin": {"name": plugin.name, "version": plugin.version},
            "limits": {"max_in_flight": plugin.max_in_flight, "max_message_bytes": plugin.max_message},
            "handlers": plugin.declarations(),
        })

    def _load(self, id: Any, params: dict) -> None:
        api = API(params)
        for hook in api.hooks:
            if (hook["hook_name"], hook["hook_type"]) not in self._plugin.handlers:
                raise Failure(errors.NO_HANDLER, f"no handler {hook['hook_name']} for hook {hook['hook_type']}")

        def done(_: Any) -> dict:
            self._apis[api.id, api.generation] = api
            return {}

        if self._plugin.loaded is None:
            self._answer(id, "result", done(None))
        else:
            self._start(Job(id, self._plugin.loaded, api, done))

    def _unload(self, id: Any, params: dict) -> None:
        api = self._apis.pop((params["api_id"], params["generation"]), None)
        if api is None or self._plugin.unloaded is None:
            self._answer(id, "result", {})
        else:
            self._start(Job(id, self._plugin.unloaded, api, lambda _: {}))

    def _shutdown(self, id: Any) -> None:
        self._leaving = True
        if self._jobs:
            self._when_idle.append(lambda: self._answer(id, "result", {}))
        else:
            self._answer(id, "result", {})

    def _dispatch(self, id: Any, params: dict) -> None:
        handler = self._plugin.handlers.get((params["hook_name"], params["hook_type"]))
        api = self._apis.get((params["api_id"], params["generation"]))
        if self._leaving:
            raise Failure(errors.SHUTTING_DOWN, "shutting down")
        if handler is None:
            raise Failure(errors.NO_HANDLER, "no such handler")
        if api is None:
            raise Failure(errors.UNKNOWN_API, "API generation unknown")
        if len(self._jobs) >= self._plugin.max_in_flight:
            raise Failure(errors.OVERLOADED, "overloaded")
        call = Call(params, api, self.notify)
        result = _auth_result if call.hook == "auth" else _result
        self._start(Job(id, handler.function, call, result, call), handler.is_async)

    # --- running ---

    def _start(self, job: Job, is_async: Optional[bool] = None) -> None:
        self._jobs[job.id] = job
        if is_async is None:
            is_async = inspect.iscoroutinefunction(job.function)
        if not is_async:
            self._workers.put(job)
            return
        job.task = self._loop.create_task(_guarded(job.function, job.argument))
        if not job.task.done() and job.call is not None:
            job.timer = self._loop.call_later(job.call.remaining(), job.task.cancel)
        job.task.add_done_callback(lambda task: self._finished(job, task))

    def _finished(self, job: Job, task: asyncio.Task) -> None:
        if task.cancelled():
            line = self._cancelled(job)
        elif task.exception() is not None:
            line = self._failed(job, task.exception())
        else:
            line = self._outcome(job, task.result())
        self._settle(job, line)

    def _work(self, job: Job) -> None:
        """Runs a job in a thread."""
        if job.call is not None and job.call.cancelled:  # while it waited for the thread
            line = self._cancelled(job)
        else:
            try:
                line = self._outcome(job, job.function(job.argument))
            except BaseException as error:  # SystemExit, too: the process is not the handler's
                line = self._failed(job, error)
        self._hand_over(job, line)

    def _outcome(self, job: Job, result: Any) -> bytes:
        try:
            return self._line(job.id, "result", job.done(result))
        except Exception as error:
            return self._failed(job, error)

    def _failed(self, job: Job, error: BaseException) -> bytes:
        if not isinstance(error, Failure):  # where it happened goes to the gateway's log
            traceback.print_exception(type(error), error, error.__traceback__)
        return self._line(job.id, "error", errors.of(error))

    def _cancelled(self, job: Job) -> bytes:
        return self._line(job.id, "error", {"code": errors.CANCELLED, "message": "cancelled"})

    def _cancel(self, job: Job) -> None:
        if job.call is not None:
            job.call.cancel()
        if job.task is not None:
            job.task.cancel()

    def _settle(self, job: Job, line: bytes) -> None:
        """Answers a job. No other place does, so a job is answered once."""
        if job.timer is not None:
            job.timer.cancel()
        if job.task is None:
            self._workers.done()
        del self._jobs[job.id]
        self._send(line)
        if not self._jobs:
            waiting, self._when_idle = self._when_idle, []
            for idle in waiting:
                idle()

    def _hand_over(self, job: Optional[Job], line: bytes) -> None:
        """Gives a line to the event loop, from any thread; one wake-up serves many."""
        self._settled.append((job, line))
        if not self._woken:
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self._collect)
            except RuntimeError:  # the session is over
                pass

    def _collect(self) -> None:
        self._woken = False  # first: what comes from now on wakes us again
        while self._settled:
            job, line = self._settled.popleft()
            if job is None:
                self._send(line)
            else:
                self._settle(job, line)

    # --- writing ---

    def notify(self, method: str, params: dict) -> None:
        """Sends a notification; may be called in any thread."""
        self._hand_over(None, encode({"jsonrpc": "2.0", "method": method, "params": params}).encode() + b"\n")

    def _fail(self, id: Any, code: int, text: str) -> None:
        self._answer(id, "error", {"code": code, "message": text})

    def _answer(self, id: Any, kind: str, value: Any) -> None:
        self._send(self._line(id, kind, value))

    def _line(self, id: Any, kind: str, value: Any) -> bytes:
        """Encodes an answer; what cannot be sent becomes a failure."""
        try:
            line = encode({"jsonrpc": "2.0", "id": id, kind: value}).encode() + b"\n"
            if len(line) <= self._max_reply + 1:
                return line
            text = f"answer of {len(line)} bytes exceeds what the gateway takes"
        except (TypeError, ValueError, RecursionError) as error:
            text = f"answer cannot be encoded: {error}"
        failure = {"code": errors.FAILED, "message": ascii(text)}
        return encode({"jsonrpc": "2.0", "id": id, "error": failure}).encode() + b"\n"

    def _send(self, line: bytes) -> None:
        self._out.append(line)
        if not self._flushing:  # after whatever is ready now: one write for all
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        if self._out:
            data, self._out = b"".join(self._out), []
            self._write(data)


async def _guarded(function: Callable, argument: Any) -> Any:
    try:
        return await function(argument)
    except (KeyboardInterrupt, SystemExit) as error:  # the process is not the handler's
        raise RuntimeError(repr(error)) from error


def _result(result: Any) -> dict:
    if result is None:
        return {"action": "continue"}
    if not isinstance(result, dict):
        raise TypeError(f"handler returned {type(result).__name__}, not a result")
    return result


def _auth_result(result: Any) -> dict:
    if result is None:
        raise TypeError("auth handler returned nothing")
    return _result(result)
