var first = new TykJS.TykMiddleware.NewMiddleware({});

first.NewProcessRequest(function (request, session) {
  request.SetHeaders["X-First"] = "first"
  return first.ReturnData(request, {})
})
