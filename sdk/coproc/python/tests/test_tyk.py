import unittest

from sallyport import Plugin, tyk
from tests.frames import answer, load, run


def call(hook, function, **params):
    plugin = Plugin()
    tyk.hook(plugin, hook, name="h")(function)
    return answer(plugin, load({"tier": "gold"}, hook=hook), run(hook=hook, **params))["result"]


class Requests(unittest.TestCase):
    def test_are_seen_as_tyk_shows_them(self):
        def function(request, session, spec):
            self.assertEqual((request.object.headers["X-One"], request.get_header("host"), request.object.params["a"]), ("1", "h", "1"))
            self.assertEqual(spec, {"OrgID": "acme", "APIID": "a", "bundle_hash": "", "config_data": '{"tier": "gold"}'})
            request.object.headers["X-One"] = "not read back"
            request.add_header("X-Two", "2")
            request.delete_header("X-Three")
            request.add_param("b", "3")
            return request, session

        self.assertEqual(call("pre", function), {"action": "continue", "request": {
            "delete_headers": ["X-Three"], "set_headers": {"X-Two": "2"}, "add_params": {"b": "3"}}})

    def test_overrides_respond(self):
        def function(request, session, spec):
            request.object.return_overrides.response_code = 402
            return request, session

        self.assertEqual(call("post", function), {"action": "respond", "request": {"return_overrides": {
            "response_code": 402, "headers": {}, "override_error": False, "response_error": "Key not authorised"}}})

    def test_unknown_field_is_an_error(self):
        def function(request, session, spec):
            with self.assertRaises(AttributeError):
                request.object.set_header = {}
            return request, session

        call("pre", function)

    def test_metadata_is_merged_and_keeps_its_types(self):
        def function(request, session, metadata, spec):
            self.assertEqual(metadata["plan"], '{"n": 1}')
            metadata["new"] = "y"
            return request, session, metadata

        got = call("post", function, session={"key_id": "k", "metadata": {"plan": {"n": 1}}})
        self.assertEqual(got["session"], {"metadata": {"plan": {"n": 1}, "new": "y"}})


class Auth(unittest.TestCase):
    def test_token_admits(self):
        def function(request, session, metadata, spec):
            session.rate = 10.0
            metadata["token"] = "k1"
            return request, session, metadata

        got = call("auth", function)
        self.assertEqual((got["action"], got["session"]), ("allow", {"rate": 10.0, "metadata": {"token": "k1"}, "key_id": "k1"}))

    def test_no_token_denies(self):
        got = call("auth", lambda request, session, metadata, spec: (request, session, metadata))
        self.assertEqual((got["action"], got["request"]["return_overrides"]),
                         ("deny", {"response_code": 403, "response_error": "Forbidden"}))


class Replies(unittest.TestCase):
    def test_headers_are_merged(self):
        def function(request, response, session, metadata, spec):
            response.headers["A"] = "0"
            response.headers["D"] = "new"
            del response.headers["B"]
            response.status_code = 201
            response.raw_body = b"c"
            return response

        got = call("response", function, response={
            "status_code": 200, "header_list": [["A", "1"], ["A", "2"], ["B", "1"], ["C", "1"]], "body": "b"})
        self.assertEqual(got["response"], {
            "status_code": 201, "body": "c", "delete_headers": ["B"], "set_headers": {"A": ["0", "2"], "D": ["new"]}})


if __name__ == "__main__":
    unittest.main()
