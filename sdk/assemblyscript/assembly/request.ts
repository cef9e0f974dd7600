import { check } from "./abort";
import { free, mark, release, reserve, spare, tooSmall } from "./arena";
import { Header, requestHeader } from "./header";
import * as host from "./host";
import { Value } from "./value";

// The parts of a request.
const METHOD: u32 = 0;
const URI: u32 = 1;
const HOST: u32 = 2;
const REMOTE_ADDR: u32 = 3;
const PROTO: u32 = 4;
const SCHEME: u32 = 5;
const ID: u32 = 6;

/**
 * What the client sent, as edited so far. It can be edited in hooks before
 * the reply; an edit that the gateway refuses ends the hook.
 */
// @ts-ignore: decorator
@unmanaged @final
export class Request {
  /** The header fields; Host is not among them. */
  get header(): Header { return requestHeader; }

  /** The request method. */
  get method(): Value { return part(METHOD); }

  /** Path and query, percent-encoded as received. */
  get uri(): Value { return part(URI); }

  /** The host the request is for. */
  get host(): Value { return part(HOST); }

  /** IP address and port of the client. */
  get remoteAddr(): Value { return part(REMOTE_ADDR); }

  /** The protocol version, for instance "HTTP/1.1". */
  get proto(): Value { return part(PROTO); }

  /** "http" or "https". */
  get scheme(): Value { return part(SCHEME); }

  /** The identifier of the request, which is also in the logs. */
  get id(): Value { return part(ID); }

  /** Replaces the method. */
  setMethod<T>(method: T): void { setPart(METHOD, method); }

  /** Replaces path and query; the caller percent-encodes. */
  setURI<T>(uri: T): void { setPart(URI, uri); }

  /** Replaces the host. It does not choose the upstream. */
  setHost<T>(host: T): void { setPart(HOST, host); }

  /**
   * The whole body. Calling it anywhere declares the need for it; where the
   * gateway did not buffer it all the same, the hook ends.
   */
  body(): Value {
    const size = host.request_body_size();
    check("request_body_size", size);
    return <Value>Value.taken(host.request_body_read(0, reserve(size), size));
  }

  /** Replaces the body. */
  setBody<T>(body: T): void {
    const m = mark(), b = Value.of(body);
    check("request_body_set", host.request_body_set(b.start, b.length));
    release(m);
  }

  /**
   * Replaces count bytes at offset. Both are cut to the length of the body:
   * an offset beyond it appends. Calling it anywhere declares the need for
   * the body.
   */
  spliceBody<T>(offset: u32, count: u32, replacement: T): void {
    const m = mark(), r = Value.of(replacement);
    check("request_body_splice", host.request_body_splice(offset, count, r.start, r.length));
    release(m);
  }
}

function part(part: u32): Value {
  let size = host.request_get(part, free(), spare());
  if (tooSmall(size)) size = host.request_get(part, free(), spare());
  check("request_get", size);
  return <Value>Value.taken(size);
}

function setPart<T>(part: u32, value: T): void {
  const m = mark(), v = Value.of(value);
  check("request_set", host.request_set(part, v.start, v.length));
  release(m);
}
