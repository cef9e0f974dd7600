var doorman = new TykJS.TykMiddleware.NewMiddleware({});

doorman.NewProcessRequest(function (request, session) {
  var name = request.Headers["X-Name"]
  if (!name) {
    request.ReturnOverrides.ResponseCode = 401
    request.ReturnOverrides.ResponseError = "Header missing"
    return doorman.ReturnAuthData(request, {})
  }
  return {
    Request: request,
    Session: {rate: 100, per: 1, expires: 0, access_rights: {}, meta_data: {name: name[0]}},
    AuthValue: "guest-" + name[0]
  }
})

var guest = new TykJS.TykMiddleware.NewMiddleware({});

guest.NewProcessRequest(function (request, session) {
  request.SetHeaders["X-Guest"] = session.meta_data.name
  return guest.ReturnData(request, {name: session.meta_data.name})
})
