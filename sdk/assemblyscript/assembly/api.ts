import { check } from "./abort";
import { free, spare, tooSmall } from "./arena";
import { apiConfig, Config } from "./config";
import * as host from "./host";
import { Value } from "./value";

/** What a plugin may know of the API the request was routed to. */
// @ts-ignore: decorator
@unmanaged @final
export class API {
  /** The identifier of the API. */
  get id(): Value { return part(0); }

  /** The name of the API. */
  get name(): Value { return part(1); }

  /** The organisation the API belongs to. */
  get orgID(): Value { return part(2); }

  /** The path under which the API is reached. */
  get listenPath(): Value { return part(3); }

  /** The API's configuration data. */
  get config(): Config { return apiConfig; }
}

function part(part: u32): Value {
  let size = host.api_get(part, free(), spare());
  if (tooSmall(size)) size = host.api_get(part, free(), spare());
  check("api_get", size);
  return <Value>Value.taken(size);
}
