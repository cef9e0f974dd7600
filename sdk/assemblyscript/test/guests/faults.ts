import { Exchange, Verdict, run } from "../../index";

export function sallyport_pre(): Verdict {
  return run((x: Exchange) => {
    const why = x.request.uri.toString();
    if (why == "/throw") throw new Error("told to fail");
    if (why == "/long") throw new Error("é".repeat(2000));
    if (why == "/assert") assert(false, "not so");
    if (why == "/index") x.request.uri[100];
    if (why == "/list") x.request.header.values("A")[1];
    if (why == "/status") x.reply.status = 99;
    if (why == "/answer") return x.answer(700, "");
    if (why == "/body") x.request.body();
    if (why == "/session") x.session.set("{}");
    if (why == "/notice") x.notice.name;
    return Verdict.Continue;
  });
}

export function sallyport_response(): Verdict {
  return run((x: Exchange) => {
    x.request.header.set("A", "1");
    return Verdict.Continue;
  });
}
