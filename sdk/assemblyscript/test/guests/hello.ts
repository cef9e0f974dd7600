import { Exchange, Verdict, run } from "../../index";

export function sallyport_pre(): Verdict { return run(tag); }

function tag(x: Exchange): Verdict {
  if (!x.request.header.has("Authorization")) {
    return x.answer(401, "who are you?");
  }
  x.request.header.set("X-Tenant", "acme");
  return Verdict.Continue;
}
