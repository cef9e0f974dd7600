import base64
import unittest

import sallyport


class Results(unittest.TestCase):
    def test_say_what_they_mean(self):
        for got, want in (
            (sallyport.edit(), {"action": "continue"}),
            (sallyport.edit(set_headers={"A": "1"}, delete_headers=["B"], meta={"m": "1"}),
             {"action": "continue", "request": {"delete_headers": ["B"], "set_headers": {"A": "1"}}, "meta": {"m": "1"}}),
            (sallyport.edit(metadata={"plan": 1}), {"action": "continue", "session": {"metadata": {"plan": 1}}}),
            (sallyport.edit_reply(status=201, body=b"ok"), {"action": "continue", "response": {"status_code": 201, "body": "ok"}}),
            (sallyport.respond(200, b"\xff"), {"action": "respond", "response": {"status_code": 200, "raw_body": "/w=="}}),
            (sallyport.allow({"key_id": "k"}), {"action": "allow", "session": {"key_id": "k"}}),
            (sallyport.allow({}, cache_ttl=1.5), {"action": "allow", "session": {}, "cache_ttl_ms": 1500}),
            (sallyport.deny(), {"action": "deny"}),
            (sallyport.refuse(429, "slow down"), {"action": "respond", "request": {"return_overrides": {
                "response_code": 429, "response_error": "slow down", "headers": {}}}}),
        ):
            with self.subTest(want):
                self.assertEqual(got, want)

    def test_unknown_change_is_an_error(self):
        with self.assertRaises(TypeError):
            sallyport.edit(set_header={"A": "1"})

    def test_bytes_in_headers_survive(self):
        value = sallyport.Message({"header_list": [["X", None, base64.b64encode(b"\xff").decode()]]}).header("x")
        self.assertEqual(sallyport.edit(set_headers={"Y": value})["request"],
                         {"delete_headers": ["Y"], "add_headers": [["Y", None, "/w=="]]})


if __name__ == "__main__":
    unittest.main()
