"""Plugins for the Sallyport gateway as a process of their own.

Functions become handlers by a decorator that declares what they need:

    import sallyport

    plugin = sallyport.Plugin("hello")

    @plugin.hook("pre", headers=["user-agent"], writes=["headers"])
    def hello(call):
        return sallyport.edit(set_headers={"X-Hello": call.api.id})

    if __name__ == "__main__":
        plugin.main()

A handler that is a plain function runs in a thread and may block; one that is
``async`` runs in the event loop, which costs less. Either may run many times
at once. What a program prints goes to stderr, which is the gateway's log.
"""

from .call import API, Call, Message
from .errors import Failure, Overloaded, Unavailable
from .plugin import HOOKS, PARTS, Plugin
from .result import allow, deny, edit, edit_reply, refuse, respond

__all__ = [
    "API", "Call", "Failure", "HOOKS", "Message", "Overloaded", "PARTS", "Plugin", "Unavailable",
    "allow", "deny", "edit", "edit_reply", "refuse", "respond",
]
