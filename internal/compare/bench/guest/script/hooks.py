"""The four hooks of the benchmark as a Python process."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "sdk"))

import sallyport  # noqa: E402

plugin = sallyport.Plugin("bench")

# A process can keep the keys in its own memory.
TENANTS = {"acme.0123456789abcdef": "acme"}


def token_of(call):
    return call.request.header("authorization", "").split(" ")[-1]


@plugin.hook("pre", headers=["authorization", "user-agent"], writes=["headers"])
async def headers(call):
    """Two fields read, two set, one removed."""
    agent = call.request.header("user-agent", "")
    return sallyport.edit(
        set_headers={"X-Tenant": token_of(call).split(".")[0], "X-Agent": agent}, delete_headers=["X-Debug"])


@plugin.hook("post", name="json", headers=[], body="utf8", writes=["headers", "body"])
async def change(call):
    """A body read, one member changed, two fields set."""
    order = json.loads(call.request.body)
    before = order["status"]
    order["status"] = "seen"
    return sallyport.edit(
        set_headers={"X-Order": order["id"], "X-Status": before}, body=json.dumps(order, separators=(",", ":")))


@plugin.hook("auth", headers=["authorization"], writes=["headers", "session"])
async def auth(call):
    """The tenant of the key is looked up."""
    tenant = TENANTS.get(token_of(call))
    if tenant is None:
        return sallyport.refuse(401, "unknown key")
    return sallyport.allow({"key_id": tenant}, set_headers={"X-Tenant": tenant})


@plugin.hook("response", headers=[], body="utf8", writes=["headers", "body"])
async def response(call):
    """One field set, one removed, one member of the body changed."""
    body = json.loads(call.response.body)
    body["status"] = "seen"
    return sallyport.edit_reply(
        set_headers={"X-Rewritten": "1"}, delete_headers=["X-Powered-By"],
        body=json.dumps(body, separators=(",", ":")))


if __name__ == "__main__":
    plugin.main()
