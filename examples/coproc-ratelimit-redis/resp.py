"""A Redis connection of the process's own: RESP over TCP, nothing but asyncio.

Commands of many calls share one connection and go out together; answers come
in the order of the commands.
"""

import asyncio
from collections import deque

RETRY = 0.1  # seconds between attempts to connect; in between calls fail at once


class RedisError(Exception):
    """Redis answered with an error."""


class Redis:
    """One connection, made when it is needed and made anew when it broke."""

    def __init__(self, host, port, connect_timeout=0.5):
        self._host, self._port, self._timeout = host, port, connect_timeout
        self._writer = None
        self._reading = None
        self._waiting = deque()  # futures, in the order of the commands
        self._connecting = None
        self._next_attempt = 0.0

    async def command(self, *words):
        """Sends a command and returns its answer; OSError if Redis cannot be reached."""
        if self._writer is None:
            await self._connect()
        answer = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        self._writer.write(encode(words))
        return await answer

    async def _connect(self):
        """Connects; calls that come meanwhile wait for the same attempt."""
        if self._connecting is None:
            self._connecting = asyncio.ensure_future(self._open())
            self._connecting.add_done_callback(self._attempted)
        await asyncio.shield(self._connecting)  # a cancelled call does not end it for the others
        if self._writer is None:
            raise ConnectionError("connection lost")

    def _attempted(self, attempt):
        self._connecting = None
        attempt.cancelled() or attempt.exception()  # somebody has seen it

    async def _open(self):
        now = asyncio.get_running_loop().time()
        if now < self._next_attempt:
            raise ConnectionError("not reachable a moment ago")
        self._next_attempt = now + RETRY
        try:
            reader, self._writer = await asyncio.wait_for(
                asyncio.open_connection(self._host, self._port), self._timeout)
        except asyncio.TimeoutError:
            raise ConnectionError("connect: timed out") from None
        self._reading = asyncio.ensure_future(self._read(reader))

    async def _read(self, reader):
        try:
            while True:
                value = await decode(reader)
                answer = self._waiting.popleft()
                if answer.done():  # its call was cancelled
                    continue
                if isinstance(value, RedisError):
                    answer.set_exception(value)
                else:
                    answer.set_result(value)
        except (OSError, EOFError, ValueError, IndexError) as error:
            self._lose(error)

    def _lose(self, error):
        """Fails what waits: whether its commands were executed is not known."""
        self._writer.close()
        self._writer = None
        while self._waiting:
            answer = self._waiting.popleft()
            if not answer.done():
                answer.set_exception(ConnectionError(f"connection lost: {error!r}"))


def encode(words):
    """Returns a command: an array of bulk strings."""
    out = [b"*%d\r\n" % len(words)]
    for word in words:
        word = word if isinstance(word, bytes) else str(word).encode()
        out.append(b"$%d\r\n%s\r\n" % (len(word), word))
    return b"".join(out)


async def decode(reader):
    """Reads one answer; errors that Redis answers with are returned, not raised."""
    line = await reader.readuntil(b"\r\n")
    kind, rest = line[:1], line[1:-2]
    if kind == b"+":
        return rest.decode()
    if kind == b"-":
        return RedisError(rest.decode())
    if kind == b":":
        return int(rest)
    if kind == b"$":
        size = int(rest)
        return None if size < 0 else (await reader.readexactly(size + 2))[:-2]
    if kind == b"*":
        return [await decode(reader) for _ in range(int(rest))]
    raise ValueError(f"not an answer of Redis: {line[:20]!r}")
