import { Exchange, Verdict, run } from "../../index";

// Keeps a small value while larger ones make the arena grow.
export function sallyport_pre(): Verdict {
  return run((x: Exchange) => {
    const h = x.request.header;
    const small = x.request.uri;
    const body = x.request.body();
    const long = h.get("Long");
    const all = h.all();
    if (long === null || !long.is(body) || !all.value(0).is(long)) throw new Error("values differ");
    for (let i = 0; i < 100; i++) h.set("Again", long);
    h.set("Small", small);
    return Verdict.Continue;
  });
}
