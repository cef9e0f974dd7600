import { Exchange, List, Value } from "../../../sdk/assemblyscript";
import { hex } from "./hex";

/** What an echo reports; `(none)` stands for a value that is not there. */
export function see(x: Exchange, op: string, source: string): Value {
  if (op == "echo-header") return known(x.request.header.get(source));
  if (op == "echo-values") return joined(x.request.header.values(source));
  if (op == "echo-reply-header") return known(x.reply.header.get(source));
  if (op == "echo-meta") return known(x.meta.get(source));
  if (op == "echo-metadata") return known(x.session.metadata(source));
  if (op == "echo-session") return session(x);
  if (op == "echo-config") return known(x.api.config.get(source));
  if (op == "echo-method") return x.request.method;
  if (op == "echo-uri") return x.request.uri;
  if (op == "echo-host") return x.request.host;
  if (op == "echo-status") return Value.of(x.reply.status.toString());
  if (op == "echo-body") return hexOf(x.request.body());
  if (op == "echo-reply-body") return hexOf(x.reply.body());
  throw new Error("no line " + op);
}

function known(value: Value | null): Value {
  return value === null ? Value.of("(none)") : value;
}

function joined(list: List): Value {
  if (list.length == 0) return Value.of("(none)");
  let all = list[0].toString();
  for (let i = 1; i < list.length; i++) all += "|" + list[i].toString();
  return Value.of(all);
}

function session(x: Exchange): Value {
  const id = x.session.get("key_id"), alias = x.session.get("alias");
  if (id === null) return Value.of("(none)");
  return Value.of(id.toString() + "/" + (alias === null ? "" : alias.toString()));
}

function hexOf(body: Value): Value {
  return Value.of(body.length == 0 ? "(empty)" : hex(body));
}
