import asyncio
import contextlib
import io
import os
import subprocess
import sys
import threading
import unittest

import sallyport
from tests.frames import HELLO, READY, answer, load, play, run

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def plugin_of(function, *hooks, **declaration):
    plugin = sallyport.Plugin("test", threads=4)
    plugin.hook(*(hooks or ("pre",)), name="h", **declaration)(function)
    return plugin


class Declaring(unittest.TestCase):
    def test_splits_by_mode(self):
        plugin = plugin_of(lambda call: None, "pre", "auth", headers=["x"], body="utf8", max_body=5, writes=["headers"])
        declared = answer(plugin, id=1)["result"]["handlers"]
        self.assertEqual(declared, [
            {"hook_name": "h", "hook_types": ["pre"], "mode": "augment", "headers": ["x"], "body": "utf8",
             "writes": ["headers"], "max_body": 5, "truncate": False},
            {"hook_name": "h", "hook_types": ["auth"], "mode": "replace", "headers": ["x"], "body": "utf8",
             "writes": ["headers"], "max_body": 5, "truncate": False},
        ])

    def test_refuses_unknown_words(self):
        for declaration in ({"hooks": ["later"]}, {"hooks": ["pre"], "writes": ["x"]}, {"hooks": ["pre"], "body": "x"}, {"hooks": []}):
            with self.subTest(declaration), self.assertRaises(ValueError):
                sallyport.Plugin().hook(*declaration.pop("hooks"), **declaration)

    def test_refuses_the_same_name_twice(self):
        plugin = plugin_of(lambda call: None)
        with self.assertRaises(ValueError):
            plugin.hook("post", "pre", name="h")(lambda call: None)


class Calling(unittest.TestCase):
    def test_shows_the_call(self):
        seen = []
        answer(plugin_of(lambda call: seen.append(
            (call.hook, call.api.config, call.request.header("x-ONE"), call.request.header_values("X-One"),
             call.request.url, call.meta, call.session, call.request.body))),
            load({"k": "v"}), run(meta={"m": "1"}))
        self.assertEqual(seen, [("pre", {"k": "v"}, "1", ["1", "2"], "/x?a=1&a=2", {"m": "1"}, None, b"")])

    def test_nothing_continues(self):
        self.assertEqual(answer(plugin_of(lambda call: None), load(), run())["result"], {"action": "continue"})

    def test_nothing_is_no_verdict_in_auth(self):
        with quiet():
            got = answer(plugin_of(lambda call: None, "auth"), load(hook="auth"), run(hook="auth"))
        self.assertEqual(got["error"]["code"], -32603)

    def test_async_handlers_run_at_once(self):
        both = []

        async def meet(call):
            both.append(call)
            while len(both) < 2:
                await asyncio.sleep(0)

        plugin = plugin_of(meet)
        with serving(plugin, load(), run(3), run(4)) as lines:
            self.assertEqual(sorted(lines(4)[2:]), sorted(['{"jsonrpc":"2.0","id":3,"result":{"action":"continue"}}',
                                                          '{"jsonrpc":"2.0","id":4,"result":{"action":"continue"}}']))

    def test_plain_handlers_run_at_once(self):
        barrier = threading.Barrier(2, timeout=10)
        with serving(plugin_of(lambda call: {"action": "continue", "meta": {"n": str(barrier.wait())}}), load(), run(3), run(4)) as lines:
            self.assertEqual(sum('"action":"continue"' in line for line in lines(4)), 2)

    def test_exceptions_are_answers(self):
        def fails(call):
            raise KeyError("boom")

        def leaves(call):
            sys.exit(3)

        async def leaves_async(call):
            sys.exit(3)

        for function in (fails, leaves, leaves_async, lambda call: 7, lambda call: {"action": object()}, lambda call: {"x": float("nan")}):
            with self.subTest(function), quiet():
                got = answer(plugin_of(function), load(), run())
                self.assertEqual(got["error"]["code"], -32603)

    def test_failures_have_their_codes(self):
        for failure, want in (
            (sallyport.Unavailable("no redis"), {"code": 4006, "message": "no redis"}),
            (sallyport.Overloaded(0.02), {"code": 4004, "message": "overloaded", "data": {"retry_after_ms": 20}}),
        ):
            def fails(call, failure=failure):
                raise failure

            self.assertEqual(answer(plugin_of(fails), load(), run())["error"], want)

    def test_deadline_ends_a_coroutine(self):
        async def hang(call):
            await asyncio.Event().wait()

        self.assertEqual(answer(plugin_of(hang), load(), run(deadline=1))["error"]["code"], -32800)

    def test_cancel_wakes_a_thread(self):
        got = answer(plugin_of(lambda call: {"action": "continue", "meta": {"cancelled": str(call.wait())}}), load(),
                     run(), {"method": "cancel", "params": {"id": 3}})
        self.assertIn(got.get("result", {}).get("meta", {}).get("cancelled", "True"), "True")  # or not begun: -32800

    def test_large_answer_is_a_failure(self):
        got = answer(plugin_of(lambda call: sallyport.edit(body="x" * 70000)), load(), run())
        self.assertIn("exceeds what the gateway takes", got["error"]["message"])

    def test_log_is_joined_with_the_request(self):
        plugin = plugin_of(lambda call: call.log("warn", "slow", ms=7))
        got = [a for a in play(plugin, HELLO, READY, load(), run(request_id="9f")) if "method" in a]
        self.assertEqual(got, [{"jsonrpc": "2.0", "method": "log",
                                "params": {"level": "warn", "msg": "slow", "request_id": "9f", "attrs": {"ms": 7}}}])


class Loading(unittest.TestCase):
    def test_on_load_refuses_an_api(self):
        plugin = plugin_of(lambda call: None)

        @plugin.on_load
        def check(api):
            raise ValueError(f"k is {api.config['k']}")

        with quiet():
            got = answer(plugin, load({"k": 1}), run(), id=2)
            self.assertEqual(got["error"]["message"], "ValueError: k is 1")
            self.assertEqual(answer(plugin, load({"k": 1}), run())["error"]["code"], 4003)

    def test_unload_is_told_once(self):
        gone = []
        plugin = plugin_of(lambda call: None)
        plugin.on_unload(lambda api: gone.append(api.id))
        unload = {"id": 4, "method": "api/unload", "params": {"api_id": "a", "generation": 1}}
        play(plugin, HELLO, READY, load(), unload, {**unload, "id": 5})
        self.assertEqual(gone, ["a"])


class Process(unittest.TestCase):
    """The program as the gateway starts it."""

    def program(self, handler, frames, wait=True):
        text = f"import os, subprocess, sys, time, sallyport\nplugin = sallyport.Plugin(grace=0.1)\n{handler}\nplugin.main()\n"
        process = subprocess.Popen([sys.executable, "-B", "-c", text], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": FOLDER})
        self.addCleanup(process.kill)
        with process.stdin, process.stdout, process.stderr:
            for frame in frames:
                process.stdin.write(encoded(frame))
            process.stdin.flush()
            lines = [process.stdout.readline() for _ in range(2 + wait)]
            process.stdin.close()
            return lines, process.stdout.read(), process.stderr.read(), process.wait(10)

    def test_descriptor_1_is_stderr(self):
        handler = """@plugin.hook("pre")
def h(call):
    print("from print")
    os.write(1, b"from the descriptor\\n")
    subprocess.run(["echo", "from a program"])"""
        lines, rest, errors, code = self.program(handler, [HELLO, READY, load(), run()])
        self.assertIn(b'"id":3', lines[2])
        self.assertEqual((rest, code), (b"", 0))
        for text in (b"from print", b"from the descriptor", b"from a program"):
            self.assertIn(text, errors)

    def test_a_thread_that_does_not_end_does_not_keep_the_process(self):
        handler = '@plugin.hook("pre")\ndef h(call):\n    time.sleep(60)'
        _, _, _, code = self.program(handler, [HELLO, READY, load(), run()], wait=False)
        self.assertEqual(code, 0)

    def test_stdin_is_not_the_handlers(self):
        handler = '@plugin.hook("pre")\ndef h(call):\n    return {"action": "continue", "meta": {"in": sys.stdin.read()}}'
        lines, _, _, _ = self.program(handler, [HELLO, READY, load(), run()])
        self.assertIn(b'"meta":{"in":""}', lines[2])


def encoded(frame):
    import json
    return json.dumps({"jsonrpc": "2.0", **frame}).encode() + b"\n"


@contextlib.contextmanager
def quiet():
    with contextlib.redirect_stderr(io.StringIO()):
        yield


@contextlib.contextmanager
def serving(plugin, *frames):
    """Serves a plugin on pipes; yields a function that reads so many lines."""
    (their_in, our_out), (our_in, their_out) = os.pipe(), os.pipe()
    thread = threading.Thread(target=plugin.serve, args=(their_in, their_out))
    thread.start()
    with os.fdopen(our_out, "wb") as out, os.fdopen(our_in, "r") as answers:
        for frame in (HELLO, READY, *frames):
            out.write(encoded(frame))
        out.flush()
        yield lambda n: [answers.readline().strip() for _ in range(n)]
        out.close()
        thread.join(10)
    os.close(their_in)
    os.close(their_out)


if __name__ == "__main__":
    unittest.main()
