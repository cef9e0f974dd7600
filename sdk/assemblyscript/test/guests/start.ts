// Reads its configuration once, and keeps it.
import { Exchange, Level, Verdict, config, env, log, run } from "../../index";

const issuer = config.get("issuer");
const region = env("REGION");
log(Level.Info, "started");

export function sallyport_pre(): Verdict {
  return run((x: Exchange) => {
    x.request.header.set("Uri", x.request.uri);
    x.request.header.set("Issuer", issuer);
    x.request.header.set("Region", region);
    return Verdict.Continue;
  });
}
