import { free, spare, tooSmall } from "./arena";
import * as host from "./host";
import { Value } from "./value";

/** Configuration. It is a handle: its address is the number of the scope plus one. */
// @ts-ignore: decorator
@unmanaged @final
export class Config {
  /**
   * One member, or null: strings as their text, everything else as JSON. The
   * empty name is the whole object.
   */
  get<N>(name: N): Value | null {
    const scope = <u32>changetype<usize>(this) - 1, n = Value.of(name);
    let size = host.config_get(scope, n.start, n.length, free(), spare());
    if (tooSmall(size)) size = host.config_get(scope, n.start, n.length, free(), spare());
    return Value.taken(size);
  }
}

/** The plugin's configuration. It can also be read outside of hooks. */
export const config = changetype<Config>(1);

/** The configuration data of the API. */
export const apiConfig = changetype<Config>(2);
