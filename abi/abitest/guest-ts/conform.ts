// The conform plugin of the conformance kit in AssemblyScript.
import { Exchange, Verdict, run } from "../../../sdk/assemblyscript";
import { Reader } from "./json";
import { Script } from "./script";

export function sallyport_pre(): Verdict { return run((x) => play(x, "pre")); }
export function sallyport_auth(): Verdict { return run((x) => play(x, "auth")); }
export function sallyport_post_key_auth(): Verdict { return run((x) => play(x, "post_key_auth")); }
export function sallyport_rate_limit(): Verdict { return run((x) => play(x, "rate_limit")); }
export function sallyport_post(): Verdict { return run((x) => play(x, "post")); }
export function sallyport_virtual(): Verdict { return run((x) => play(x, "virtual")); }
export function sallyport_response(): Verdict { return run((x) => play(x, "response")); }
export function sallyport_event(): Verdict { return run((x) => play(x, "event")); }

/** Carries out the lines for the hook that are in the API's config data. */
function play(x: Exchange, hook: string): Verdict {
  const json = x.api.config.get("script");
  if (json === null) return Verdict.Continue;
  const lines = new Reader(json.toString()).linesOf(hook);
  const script = new Script(x, hook == "response" ? x.reply.header : x.request.header);
  for (let i = 0; i < lines.length; i++) script.line(lines[i]);
  return script.verdict;
}
