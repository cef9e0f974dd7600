// Middleware that does what X-Sallyport-Fault says, and harm it is. Requests
// without that field pass untouched.
var attack = new TykJS.TykMiddleware.NewMiddleware({});

var kept = ""; // what an earlier request may have left

attack.NewProcessRequest(function (request, session, spec) {
    var fault = field(request, "Fault");
    if (fault) {
        attack.faults[fault](request);
    }
    return attack.ReturnData(request, {});
});

function field(request, name) {
    var values = request.Headers["X-Sallyport-" + name];
    return values ? values[0] : "";
}

// tell hands to the upstream what the script got hold of.
function tell(request, text) {
    if (text) {
        request.SetHeaders["X-Sallyport-Seen"] = String(text).slice(0, 200);
    }
}

// first returns what the first of these expressions gives that works at all.
function first(expressions) {
    for (var i = 0; i < expressions.length; i++) {
        try {
            var got = new Function("return " + expressions[i])();
            if (got) {
                return got;
            }
        } catch (e) {
            // There is no such thing here.
        }
    }
    return "";
}

// fetch splits the URL as TykMakeHttpRequest wants it.
function fetch(url) {
    var at = url.indexOf("/", 8);
    var answer = TykMakeHttpRequest(JSON.stringify({
        Method: "GET", Domain: url.slice(0, at), Resource: url.slice(at), Headers: {}, Body: ""
    }));
    if (!answer) {
        return "";
    }
    var reply = JSON.parse(answer);
    return reply.Code >= 200 && reply.Code < 300 ? reply.Body : "";
}

function keep(request) {
    tell(request, kept);
    kept = field(request, "Note");
}

function recurse(n) {
    return recurse(n + 1) + 1;
}

function twice(n) {
    return n === 0 ? 0 : twice(n - 1) + twice(n - 1);
}

// mebibyte returns a string of a MiB.
function mebibyte() {
    var s = "0123456789abcdef";
    while (s.length < 1 << 20) {
        s = s + s;
    }
    return s;
}

attack.faults = {
    "crash": function () { throw new Error("attack"); },
    "hang": function () { for (;;) { } },
    "memory-bomb": function () {
        var s = mebibyte();
        for (var all = []; ; ) {
            all.push((s + all.length).slice(1)); // shares no memory with another
        }
    },
    "memory-step": function () {
        var s = mebibyte(), parts = [];
        for (var i = 0; i < 512; i++) {
            parts.push(s);
        }
        attack.all = parts.join("");
    },
    "stack-bomb": function () { recurse(0); },
    "fork-bomb": function () { twice(60); },
    "garbage": function (request) {
        request.SetHeaders = 42;
        request.ReturnOverrides = ["\u0000", { ResponseCode: "many" }];
        request.DeleteHeaders = { length: -1 };
    },
    "huge-output": function (request) {
        var s = mebibyte();
        request.ReturnOverrides.ResponseCode = 200;
        request.ReturnOverrides.ResponseError = s + s + s + s + s + s + s + s;
    },
    "log-flood": function () {
        for (var line = mebibyte().slice(0, 1 << 16); ; ) {
            log(line);
        }
    },
    "slow-host": function (request) { tell(request, fetch(field(request, "Target"))); },
    "leak-requests": keep,
    "leak-apis": keep,
    "file": function (request) {
        var path = JSON.stringify(field(request, "File"));
        tell(request, first([
            "require('fs').readFileSync(" + path + ", 'utf8')",
            "std.loadFile(" + path + ")",
            "readFile(" + path + ")",
            "read(" + path + ")",
            "load(" + path + ")",
            "Deno.readTextFileSync(" + path + ")"
        ]));
    },
    "socket": function (request) { tell(request, fetch(field(request, "Target"))); },
    "env": function (request) {
        var name = JSON.stringify(field(request, "Secret"));
        tell(request, first([
            "process.env[" + name + "]",
            "std.getenv(" + name + ")",
            "Deno.env.get(" + name + ")",
            "getenv(" + name + ")",
            "environment[" + name + "]"
        ]));
    },
    "kill": function () {
        first(["process.exit(9)", "std.exit(9)", "quit(9)", "exit(9)", "os.kill(1, 9)"]);
        throw new Error("still here");
    },
    "deadline": function (request) {
        var end = Date.now() + Number(field(request, "Delay"));
        while (Date.now() < end) { }
        tell(request, field(request, "Note"));
    }
};
