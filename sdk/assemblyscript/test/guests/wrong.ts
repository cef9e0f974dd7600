import { Exchange, Verdict, run } from "../../index";

export function sallyport_pre(): Verdict {
  return run((x: Exchange) => {
    x.request.header.set("A", 7);
    return Verdict.Continue;
  });
}
