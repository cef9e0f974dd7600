var bundled = new TykJS.TykMiddleware.NewMiddleware({});

bundled.NewProcessRequest(function (request, session) {
  request.SetHeaders["X-Bundled"] = "yes"
  return bundled.ReturnData(request, {})
})
