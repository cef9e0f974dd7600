function fileEndpoint(request, session, spec) {
  return TykJsResponse({
    Body: "you are " + session.alias + ", you sent " + request.Body,
    Headers: {"X-Virtual": String(spec.config_data.code)},
    Code: 201
  }, session.meta_data)
}

function brokenEndpoint(request, session, spec) {
  throw new Error("on purpose")
}
