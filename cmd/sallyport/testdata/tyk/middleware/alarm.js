var alarm = new TykJS.TykEventHandlers.NewEventHandler({});

alarm.NewHandler(function (event, context) {
  TykMakeHttpRequest(JSON.stringify({
    Method: "POST", Domain: "http://upstream.test", Resource: "/alarm",
    Body: event.Type + " of " + context.APIID + ": " + event.Meta.Message + " " + event.Meta.Path
  }))
})
