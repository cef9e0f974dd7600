import { Exchange, Verdict, run } from "../../index";

// Reads the request body and replaces the reply's without reading it.
export function sallyport_pre(): Verdict {
  return run((x: Exchange) => {
    const body = x.request.body();
    x.request.header.set("X-Length", body.length.toString());
    x.request.header.set("X-Echo", body);
    return Verdict.Continue;
  });
}

export function sallyport_response(): Verdict {
  return run((x: Exchange) => {
    x.reply.setBody("replaced");
    return Verdict.Continue;
  });
}
