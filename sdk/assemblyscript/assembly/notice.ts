import { check } from "./abort";
import { free, spare, tooSmall } from "./arena";
import * as host from "./host";
import { Value } from "./value";

/** What an event hook is told. In other hooks reading it ends the hook. */
// @ts-ignore: decorator
@unmanaged @final
export class Notice {
  /** What happened, for instance "AuthFailure". */
  get name(): Value { return part(0); }

  /** The details as a JSON object. */
  get data(): Value { return part(1); }
}

function part(part: u32): Value {
  let size = host.notice_get(part, free(), spare());
  if (tooSmall(size)) size = host.notice_get(part, free(), spare());
  check("notice_get", size);
  return <Value>Value.taken(size);
}
