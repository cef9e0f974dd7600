// tyk_js_path: runs before the scripts of every API.
var sharedGreeting = "hello"
