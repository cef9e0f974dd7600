var polish = new TykJS.TykMiddleware.NewMiddleware({});

polish.NewProcessResponse(function (response, request, session, spec) {
  response.SetHeaders["X-Polished"] = spec.APIID
  response.DeleteHeaders.push("X-Upstream")
  response.Body = response.Body + "polished\n"
  response.StatusCode = 203
  return polish.ReturnResponseData(response, {})
})
