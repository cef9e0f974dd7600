"""The handlers of the benchmarks in Python."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "sdk", "coproc", "python"))

import sallyport  # noqa: E402

plugin = sallyport.Plugin("bench")


@plugin.hook("pre", headers=["user-agent", "authorization"], writes=["headers"])
async def headers(call):
    agent = call.request.header("user-agent")
    return sallyport.edit(set_headers={"X-Tenant": "acme", "X-Agent": agent}, delete_headers=["X-Debug"])


@plugin.hook("pre", headers=["user-agent", "authorization"], body="utf8", writes=["headers"])
async def body(call):
    agent = call.request.header("user-agent")
    return sallyport.edit(
        set_headers={"X-Tenant": "acme", "X-Agent": agent, "X-Size": str(len(call.request.body))}, delete_headers=["X-Debug"])


@plugin.hook("pre", headers=["user-agent", "authorization"], writes=["headers"])
def threaded(call):
    agent = call.request.header("user-agent")
    return sallyport.edit(set_headers={"X-Tenant": "acme", "X-Agent": agent}, delete_headers=["X-Debug"])


plugin.main()
