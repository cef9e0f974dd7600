// Uses every accessor once: what it reads goes into header fields.
import { Exchange, Level, List, Value, Verdict, log, monotonic, now, random, run, timeLeft } from "../../index";

export function sallyport_pre(): Verdict { return run(lists); }
export function sallyport_auth(): Verdict { return run(session); }
export function sallyport_post(): Verdict { return run(request); }
export function sallyport_post_key_auth(): Verdict { return run(system); }
export function sallyport_response(): Verdict { return run(reply); }
export function sallyport_event(): Verdict { return run(notice); }

function lists(x: Exchange): Verdict {
  const h = x.request.header;
  let all = "";
  const fields = h.all();
  for (let i = 0; i < fields.length; i++) {
    all += fields.name(i).toString() + "=" + fields.value(i).toString() + " ";
  }
  x.reply.header.set("All", all);
  x.reply.header.set("Names", join(h.names()));
  x.reply.header.set("Values", join(h.values("A")));
  x.reply.header.set("None", h.values("Z").length.toString());
  x.reply.header.set("Backwards", h.names()[1].toString() + h.names()[0].toString());
  h.add("B", h.get("A"));
  h.set("C", h.get("Z"));
  h.del("A");
  return Verdict.Continue;
}

function join(list: List): string {
  let all = "";
  for (let i = 0; i < list.length; i++) all += list[i].toString() + " ";
  return all;
}

function session(x: Exchange): Verdict {
  const h = x.request.header;
  if (x.session.get("alias") === null) h.set("Before", "none");
  x.session.set('{"key_id":"k1","alias":"ann","rate":5,"meta_data":{"plan":"free"}}');
  x.session.setMetadata('{"plan":"pro"}');
  x.meta.set("seen", "1");
  h.set("Alias", x.session.get("alias"));
  h.set("Rate", x.session.get("rate"));
  h.set("Plan", x.session.metadata("plan"));
  h.set("Seen", x.meta.get("seen"));
  if (x.meta.get("none") === null) h.set("Meta", "none");
  h.set("Issuer", x.config.get("issuer"));
  h.set("Tier", x.api.config.get("tier"));
  h.set("Api", x.api.id);
  h.set("Api-Name", x.api.name);
  h.set("Org", x.api.orgID);
  h.set("Listen", x.api.listenPath);
  return Verdict.Continue;
}

function request(x: Exchange): Verdict {
  const r = x.request, h = r.header;
  h.set("Line", r.method.toString() + " " + r.uri.toString() + " " + r.proto.toString());
  h.set("From", r.remoteAddr.toString() + " " + r.scheme.toString() + " " + r.id.toString());
  h.set("Was", r.host);
  r.setMethod("PUT");
  r.setURI("/changed");
  r.setHost(Value.of("other.example"));
  r.setBody(String.UTF8.encode("body"));
  return Verdict.Continue;
}

function system(x: Exchange): Verdict {
  const h = x.request.header;
  if (now() > 1_600_000_000_000_000_000 && monotonic() > 0) h.set("Clock", "runs");
  h.set("Left", timeLeft().toString());
  const buffer = new ArrayBuffer(16);
  random(buffer);
  h.set("Random", (load<u64>(changetype<usize>(buffer)) != 0).toString());
  log(Level.Warn, "look out");
  log(Level.Info, x.request.uri);
  return Verdict.Continue;
}

function reply(x: Exchange): Verdict {
  x.reply.header.set("Was", x.reply.status.toString());
  x.reply.status = 201;
  const bytes = new Uint8Array(3);
  bytes.fill(0x61);
  x.reply.setBody(bytes.subarray(1));
  return Verdict.Continue;
}

function notice(x: Exchange): Verdict {
  log(Level.Info, x.notice.name.toString() + " " + x.notice.data.toString());
  return Verdict.Continue;
}
