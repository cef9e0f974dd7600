// Turns requests without an Authorization away, tells the upstream which
// tenant and which agent is calling, and removes a header that only insiders
// may send. Outside of this repository the import is "@sallyport/assemblyscript".
import { Exchange, Value, Verdict, run } from "../../sdk/assemblyscript";

export function sallyport_pre(): Verdict {
  return run(headers);
}

function headers(x: Exchange): Verdict {
  const h = x.request.header;
  const authorization = h.get("Authorization");
  if (authorization === null) {
    return x.answer(401, '{"error":"authorization required"}');
  }
  h.set("X-Tenant", tenantOf(authorization));
  h.set("X-Agent", h.get("User-Agent"));
  h.del("X-Debug");
  return Verdict.Continue;
}

// tenantOf finds the tenant in "Bearer TENANT.SECRET".
function tenantOf(authorization: Value): Value {
  const space = authorization.indexOf(" ");
  const token = authorization.slice(space < 0 ? authorization.length : space + 1);
  const dot = token.indexOf(".");
  return dot < 0 ? token : token.slice(0, dot);
}
