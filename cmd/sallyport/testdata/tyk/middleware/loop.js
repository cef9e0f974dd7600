var loop = new TykJS.TykMiddleware.NewMiddleware({});

loop.NewProcessRequest(function (request, session) {
  if (request.URL.indexOf("/inside") >= 0) {
    request.URL = "tyk://Inner-API/from-loop?method=PUT&a=1"
  }
  return loop.ReturnData(request, {})
})
