import { check } from "./abort";
import { API } from "./api";
import { begin, mark, release } from "./arena";
import { Config, config } from "./config";
import * as host from "./host";
import { Meta } from "./meta";
import { Notice } from "./notice";
import { Reply } from "./reply";
import { Request } from "./request";
import { Session } from "./session";
import { Value } from "./value";
import { Verdict } from "./verdict";

/**
 * One request and, once there is one, its reply. It is valid until the hook
 * returns. Exchange and parts are handles on what the gateway holds: there
 * are no objects behind them, and using them allocates nothing.
 */
// @ts-ignore: decorator
@unmanaged @final
export class Exchange {
  /** What the client sent. */
  get request(): Request { return changetype<Request>(1); }

  /** What the client will get. */
  get reply(): Reply { return changetype<Reply>(1); }

  /** Values from plugin to plugin of one request. */
  get meta(): Meta { return changetype<Meta>(1); }

  /** What is known of the caller. */
  get session(): Session { return changetype<Session>(1); }

  /** The plugin's configuration. */
  get config(): Config { return config; }

  /** The API the request was routed to. */
  get api(): API { return changetype<API>(1); }

  /** What happened; event hook only. */
  get notice(): Notice { return changetype<Notice>(1); }

  /**
   * Replaces the whole reply by a status and a body without header fields,
   * and returns the verdict to return. If the gateway refuses the answer the
   * hook ends.
   */
  answer<T>(status: i32, body: T): Verdict {
    const m = mark(), b = Value.of(body);
    check("reply_answer", host.reply_answer(status, b.start, b.length));
    release(m);
    return Verdict.Respond;
  }
}

/**
 * Calls a handler with the exchange of the hook that is running. Only
 * exported hook functions call it.
 */
export function run(handler: (x: Exchange) => Verdict): Verdict {
  begin();
  return handler(changetype<Exchange>(1));
}
