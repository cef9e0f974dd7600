import { Exchange, Value, Verdict, env, http, kv, metric, run } from "../../index";

export function sallyport_pre(): Verdict { return run(store); }
export function sallyport_auth(): Verdict { return run(ask); }
export function sallyport_post(): Verdict { return run(measure); }

function store(x: Exchange): Verdict {
  const h = x.request.header;
  h.set("Absent", (kv.get("none") === null).toString());
  kv.set("a", "1", 1000);
  h.set("A", kv.get("a"));
  h.set("First", kv.setIfAbsent("b", "x").toString() + " " + kv.setIfAbsent("b", "y").toString());
  h.set("Sum", kv.incr("n").toString() + " " + kv.incr("n", -5).toString());
  kv.del("a");
  h.set("Home", env("HOME"));
  h.set("Unset", (env("UNSET") === null).toString());
  return Verdict.Continue;
}

function ask(x: Exchange): Verdict {
  const response = http("POST", x.config.get("idp"))
    .header("Content-Type", "text/plain")
    .header("X-Empty", "")
    .send(x.request.uri);
  if (response.status == 0) return x.answer(502, response.error.toString());
  const fields = response.headers();
  let names = "";
  for (let i = 0; i < fields.length; i++) names += fields.name(i).toString() + "=" + fields.value(i).toString() + " ";
  x.request.header.set("Names", names);
  x.request.header.set("Kind", response.header("content-type"));
  x.request.header.set("None", (response.header("none") === null).toString());
  return x.answer(response.status, response.body());
}

function measure(x: Exchange): Verdict {
  metric("seen").add(1);
  metric("load").label("tier", x.api.id).label("zone", Value.of("eu")).set(0.5);
  return Verdict.Continue;
}
