// Sets a header field before and after the key check, and a parameter.
var stampPre = new TykJS.TykMiddleware.NewMiddleware({});

stampPre.NewProcessRequest(function (request, session, spec) {
  request.SetHeaders["X-Pre"] = String(spec.config_data.colour) + " " + spec.config_data.list[1].two + " of " + spec.APIID
  request.AddParams["pre"] = typeof sharedGreeting
  if (request.Params["stop"]) {
    request.ReturnOverrides.ResponseCode = 418
    request.ReturnOverrides.ResponseError = "short and stout"
  }
  if (request.Params["throw"]) {
    throw new Error("on purpose")
  }
  return stampPre.ReturnData(request, {})
})

var stampPost = new TykJS.TykMiddleware.NewMiddleware({});

stampPost.NewProcessRequest(function (request, session, spec) {
  request.SetHeaders["X-Post"] = sharedGreeting + " " + (session.alias || "nobody")
  if (request.Body) {
    request.Body = request.Body + " stamped"
  }
  // Metadata that a request hook returns must be strings.
  var meta = session.meta_data || {}
  return stampPost.ReturnData(request, meta.tier ? {tier: meta.tier} : {})
})
