#!/usr/bin/env python3
"""The rate limiter of several gateways: replaces the built-in one, counts in Redis."""

import math
import os

import sallyport
from resp import Redis, RedisError

# Counts a request in the window of its key, and says how long that still is.
# One script is one step: no other client of Redis comes between.
COUNT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {n, redis.call('PTTL', KEYS[1])}
"""

plugin = sallyport.Plugin("ratelimit-redis", "1.0")
host, _, port = os.environ["REDIS_ADDR"].rpartition(":")
redis = Redis(host, int(port))


@plugin.on_load
async def check(api):
    """Refuses an API whose limits make no sense, before it gets a request."""
    limit, per = limits(api)
    if not (isinstance(limit, int) and limit > 0 and isinstance(per, (int, float)) and per > 0):
        raise ValueError(f"config of {api.id}: rate_limit needs a whole number limit and seconds per, both above 0")


def limits(api):
    config = (api.config or {}).get("rate_limit") or {}
    return config.get("limit"), config.get("per")


def caller(call):
    """The key of the session, or the address of a client that has none."""
    key = (call.session or {}).get("key_id")
    return key or call.request.remote_addr.rpartition(":")[0]


@plugin.hook("rate_limit", headers=[])
async def ratelimit(call):
    limit, per = limits(call.api)
    key = f"rate:{call.api.id}:{caller(call)}"
    try:
        count, left = await redis.command("EVAL", COUNT, 1, key, int(per * 1000))
    except (OSError, RedisError) as error:  # the gateway answers 503: nobody passes uncounted
        raise sallyport.Unavailable(f"redis: {error}") from error
    if count <= limit:
        return None
    return sallyport.refuse(429, "rate limit exceeded", {"Retry-After": str(max(math.ceil(left / 1000), 1))})


if __name__ == "__main__":
    plugin.main()
