"""Functions that run for requests, and the threads that run them."""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import Any, Callable, Optional

from .call import Call


class Job:
    """A function that is to run for a request, and at most one answer."""

    __slots__ = ("argument", "call", "done", "function", "id", "task", "timer")

    def __init__(self, id: Any, function: Callable, argument: Any, done: Callable[[Any], Any],
                 call: Optional[Call] = None):
        self.id, self.function, self.argument, self.done, self.call = id, function, argument, done, call
        self.task: Optional[asyncio.Task] = None
        self.timer: Optional[asyncio.TimerHandle] = None


class Workers:
    """Threads that run jobs. They do not keep the process from exiting."""

    def __init__(self, limit: int, run: Callable[[Job], None]):
        self._limit, self._run = limit, run
        self._queue: queue.SimpleQueue = queue.SimpleQueue()
        self._threads = 0
        self._jobs = 0  # that threads have or wait for

    def put(self, job: Job) -> None:
        """Runs a job as soon as a thread is free. Call it, like done, from one thread only."""
        self._jobs += 1
        self._queue.put(job)
        if self._jobs > self._threads < self._limit:
            self._threads += 1
            threading.Thread(target=self._work, daemon=True).start()

    def done(self) -> None:
        """Says that a job has ended."""
        self._jobs -= 1

    def _work(self) -> None:
        while True:
            self._run(self._queue.get())
