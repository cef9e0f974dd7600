// The conform plugin for the legacy VM: see ../README.md for what it does.
//
// The entry is a function, which serves the virtual hook, and carries the
// methods of the other hooks. It collects edits in an object "out", from which
// each hook makes the result that Tyk's protocol wants.

var middleware = new TykJS.TykMiddleware.NewMiddleware({});

middleware.NewProcessRequest(function (request, session, spec) {
    var out = carryOut({request: request, response: {Headers: {}}, session: session, spec: spec});
    if (out.answer) {
        request.ReturnOverrides = {
            ResponseCode: out.answer.code, ResponseBody: out.answer.body, OverrideError: true,
            AddHeaders: out.reply.add, ResponseHeaders: out.reply.set
        };
    }
    request.SetHeaders = out.request.set;
    request.AddHeaders = out.request.add;
    request.DeleteHeaders = out.request.del;
    return {Request: request, SessionMeta: out.metadata, Session: out.session, Meta: out.meta};
});

middleware.NewProcessResponse(function (response, request, session, spec) {
    var out = carryOut({request: request, response: response, session: session, spec: spec});
    if (out.answer) {
        response.StatusCode = out.answer.code;
        response.Body = out.answer.body;
        out.reply.del = Object.keys(response.Headers);
    }
    response.SetHeaders = out.reply.set;
    response.AddHeaders = out.reply.add;
    response.DeleteHeaders = out.reply.del;
    return {Response: response, Meta: out.meta};
});

function conform(request, session, spec) {
    var out = carryOut({request: request, response: {Headers: {}}, session: session, spec: spec});
    if (!out.answer) {
        return undefined;
    }
    return TykJsResponse({
        Code: out.answer.code, Body: out.answer.body, Headers: out.reply.set, AddHeaders: out.reply.add
    }, out.metadata);
}

conform.DoProcessRequest = function (request, session, spec) {
    return middleware.DoProcessRequest(request, session, spec);
};
conform.DoProcessResponse = function (response, request, session, spec) {
    return middleware.DoProcessResponse(response, request, session, spec);
};
conform.DoProcessEvent = function (event, context, spec) {
    carryOut({request: {Headers: {}}, response: {Headers: {}}, session: {}, spec: spec});
};

// carryOut runs the script of the hook. "at" is what the hook was given.
function carryOut(at) {
    var config = at.spec.config_data || {}, lines = (config.script || {})[at.spec.Hook] || [];
    at.config = config;
    at.message = at.spec.Hook === "response" ? "reply" : "request";
    var out = {
        request: {set: {}, add: {}, del: []},
        reply: {set: {}, add: {}, del: []},
        meta: {},
        metadata: at.session.meta_data || {}
    };
    for (var i = 0; i < lines.length; i++) {
        run(lines[i], at, out);
    }
    return out;
}

function run(line, at, out) {
    var words = cut(line), op = words[0], args = words[1], parts = cut(args);
    if (op.indexOf("echo-") === 0) {
        var target = parts[1] === undefined ? parts[0] : parts[1];
        out[at.message].set[target] = see(op, parts[0], at);
        return;
    }
    var header = /^(set|add|del)-(request|reply)-header$/.exec(op);
    if (header) {
        edit(out[header[2]], header[1], parts[0], parts[1] || "");
        return;
    }
    if (!edits[op]) {
        throw new Error("no line " + op);
    }
    edits[op](args, parts, at, out);
}

function edit(message, op, name, value) {
    if (op === "set") {
        message.set[name] = value;
    } else if (op === "del") {
        message.del.push(name);
    } else {
        (message.add[name] = message.add[name] || []).push(value);
    }
}

var edits = {
    "fail": function () { throw new Error("told to fail"); },
    "hang": function () { for (;;) {} },
    "set-method": function (args, parts, at) { at.request.SetMethod = args; },
    "set-uri": function (args, parts, at) { at.request.URL = args; },
    "set-host": function (args, parts, at) { at.request.SetHost = args; },
    "set-status": function (args, parts, at) { at.response.StatusCode = parseInt(args, 10); },
    "set-request-body": function (args, parts, at) { at.request.Body = bytesOf(args); },
    "append-request-body": function (args, parts, at) { at.request.Body += bytesOf(args); },
    "set-reply-body": function (args, parts, at) { at.response.Body = bytesOf(args); },
    "append-reply-body": function (args, parts, at) { at.response.Body += bytesOf(args); },
    "set-meta": function (args, parts, at, out) { out.meta[parts[0]] = parts[1] || ""; },
    "set-session": function (args, parts, at, out) { out.session = JSON.parse(args); },
    "set-metadata": function (args, parts, at, out) { out.metadata = JSON.parse(args); },
    "answer": function (args, parts, at, out) {
        out.answer = {code: parseInt(parts[0], 10), body: bytesOf(parts[1] || "")};
    }
};

// see returns what an echo reports.
function see(op, name, at) {
    switch (op) {
    case "echo-header":
        return first(at.request.Headers[name]);
    case "echo-values":
        return at.request.Headers[name] ? at.request.Headers[name].join("|") : "(none)";
    case "echo-reply-header":
        return first(at.response.Headers[name]);
    case "echo-meta":
        return known((at.response.Meta || at.request.Meta)[name]);
    case "echo-metadata":
        return known((at.session.meta_data || {})[name]);
    case "echo-session":
        return at.session.key_id === undefined ? "(none)" : at.session.key_id + "/" + at.session.alias;
    case "echo-config":
        return known(at.config[name]);
    case "echo-method":
        return at.request.Method;
    case "echo-uri":
        return at.request.URL;
    case "echo-host":
        return first(at.request.Headers.Host);
    case "echo-status":
        return String(at.response.StatusCode);
    case "echo-body":
        return hexOf(at.request.Body);
    case "echo-reply-body":
        return hexOf(at.response.Body);
    }
    throw new Error("no line " + op);
}

function known(value) { return value === undefined || value === null ? "(none)" : String(value); }

function first(values) { return known(values && values[0]); }

// cut splits at the first space; the second part is undefined without one.
function cut(text) {
    var i = (text || "").indexOf(" ");
    return i < 0 ? [text || ""] : [text.slice(0, i), text.slice(i + 1)];
}

var alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// hexOf writes the bytes of a string, which only base64 shows.
function hexOf(text) {
    var encoded = b64enc(text || ""), hex = "", bits = 0, held = 0, i;
    for (i = 0; i < encoded.length && encoded.charAt(i) !== "="; i++) {
        held = (held << 6) | alphabet.indexOf(encoded.charAt(i));
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            hex += ("0" + ((held >> bits) & 255).toString(16)).slice(-2);
            held &= (1 << bits) - 1;
        }
    }
    return hex || "(empty)";
}

// bytesOf makes a string of bytes in hexadecimal.
function bytesOf(hex) {
    var encoded = "", bits = 0, held = 0, i;
    for (i = 0; i < (hex || "").length; i += 2) {
        held = (held << 8) | parseInt(hex.substr(i, 2), 16);
        bits += 8;
        while (bits >= 6) {
            bits -= 6;
            encoded += alphabet.charAt((held >> bits) & 63);
            held &= (1 << bits) - 1;
        }
    }
    if (bits > 0) {
        encoded += alphabet.charAt((held << (6 - bits)) & 63);
    }
    return rawb64dec(encoded);
}
