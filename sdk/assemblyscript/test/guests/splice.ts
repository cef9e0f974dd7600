import { Exchange, Verdict, run } from "../../index";

export function sallyport_pre(): Verdict {
  return run((x: Exchange) => {
    x.request.spliceBody(1, 3, "ipp");
    x.request.spliceBody(u32.MAX_VALUE, 0, "!");
    return Verdict.Continue;
  });
}

export function sallyport_response(): Verdict {
  return run((x: Exchange) => {
    x.reply.spliceBody(0, u32.MAX_VALUE, x.reply.body().slice(1));
    return Verdict.Continue;
  });
}
