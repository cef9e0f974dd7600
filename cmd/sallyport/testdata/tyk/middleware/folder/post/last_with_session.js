var last_with_session = new TykJS.TykMiddleware.NewMiddleware({});

last_with_session.NewProcessRequest(function (request, session) {
  request.SetHeaders["X-Last"] = request.Headers["X-First"] + " then last"
  return last_with_session.ReturnData(request, session.meta_data || {})
})
