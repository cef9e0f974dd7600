import { check } from "./abort";
import { mark, release, reserve } from "./arena";
import { Header, replyHeader } from "./header";
import * as host from "./host";
import { Value } from "./value";

/**
 * What the client will get. Hooks before the reply may set one and return
 * Respond; the response hook edits the one of the upstream. An edit that the
 * gateway refuses ends the hook.
 */
// @ts-ignore: decorator
@unmanaged @final
export class Reply {
  /** The header fields. */
  get header(): Header { return replyHeader; }

  /** The status code, 0 as long as there is no reply; 200 to 599 can be set. */
  get status(): i32 { return host.reply_status(); }

  set status(status: i32) { check("reply_set_status", host.reply_set_status(status)); }

  /** The whole body, as {@link Request.body} for the response hook. */
  body(): Value {
    const size = host.reply_body_size();
    check("reply_body_size", size);
    return <Value>Value.taken(host.reply_body_read(0, reserve(size), size));
  }

  /** Replaces the body. */
  setBody<T>(body: T): void {
    const m = mark(), b = Value.of(body);
    check("reply_body_set", host.reply_body_set(b.start, b.length));
    release(m);
  }

  /** Replaces count bytes at offset, as {@link Request.spliceBody} does. */
  spliceBody<T>(offset: u32, count: u32, replacement: T): void {
    const m = mark(), r = Value.of(replacement);
    check("reply_body_splice", host.reply_body_splice(offset, count, r.start, r.length));
    release(m);
  }
}
