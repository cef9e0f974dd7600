import { check } from "./abort";
import { free, reserve, spare, take, tooSmall } from "./arena";
import { Errno } from "./errno";
import { Fields, listOf } from "./header";
import * as host from "./host";
import { Pair } from "./pairs";
import { Value } from "./value";

/**
 * Begins a request to another server, which the plugin's configuration must
 * grant:
 *
 *     const response = http("POST", "https://idp.example/introspect")
 *       .header("Content-Type", "application/json")
 *       .send(body);
 *     if (response.status != 200) return x.answer(502, "");
 */
export function http<M, U>(method: M, url: U): Outgoing {
  return Outgoing.to(Value.of(method), Value.of(url));
}

/** A request to another server. */
// @ts-ignore: decorator
@unmanaged @final
export class Outgoing {
  private method: Value;
  private url: Value;
  private fields: Pair | null;

  static to(method: Value, url: Value): Outgoing {
    const request = changetype<Outgoing>(reserve(offsetof<Outgoing>()));
    take(offsetof<Outgoing>());
    request.method = method;
    request.url = url;
    request.fields = null;
    return request;
  }

  /** Adds a header field. */
  header<N, V>(name: N, value: V): Outgoing {
    this.fields = Pair.add(this.fields, Value.of(name), Value.of(value));
    return this;
  }

  /** Sends the request and waits for the whole response, until the deadline of the hook. */
  send<B>(body: B): Response {
    const m = this.method, u = this.url, f = Pair.list(this.fields), b = Value.of(body);
    const result = host.http_request(
      m.start, m.length, u.start, u.length, f.start, f.length, b.start, b.length,
    );
    return Response.of(result);
  }
}

/** What another server answered. It is valid until the next request is sent. */
// @ts-ignore: decorator
@unmanaged @final
export class Response {
  private result: i32;

  static of(result: i32): Response {
    const response = changetype<Response>(reserve(offsetof<Response>()));
    take(offsetof<Response>());
    response.result = result;
    return response;
  }

  /** The status code, 0 if there is no response. */
  get status(): i32 {
    return max(this.result, 0);
  }

  /** Why there is no response: denied, invalid, limit, unavailable, timeout; 0 if there is one. */
  get error(): Errno {
    return min(this.result, 0);
  }

  /** The value of the first header field of that name, or null. */
  header<N>(name: N): Value | null {
    const n = Value.of(name);
    let size = host.http_response_header(n.start, n.length, free(), spare());
    if (tooSmall(size)) size = host.http_response_header(n.start, n.length, free(), spare());
    return Value.taken(size);
  }

  /** All header fields in their order. Without a response the hook ends. */
  headers(): Fields {
    let size = host.http_response_header_all(free(), spare());
    if (tooSmall(size)) size = host.http_response_header_all(free(), spare());
    return changetype<Fields>(listOf("http_response_header_all", size));
  }

  /** The whole body. Without a response the hook ends. */
  body(): Value {
    const size = host.http_response_body_size();
    check("http_response_body_size", size);
    return <Value>Value.taken(host.http_response_body_read(0, reserve(size), size));
  }
}
