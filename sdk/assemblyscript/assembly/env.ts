import { checkFound } from "./abort";
import { free, spare, tooSmall } from "./arena";
import * as host from "./host";
import { Value } from "./value";

/**
 * An environment value of the gateway, or null. The plugin's configuration
 * must grant its name. It can also be read outside of hooks.
 */
export function env<N>(name: N): Value | null {
  const n = Value.of(name);
  let size = host.env_get(n.start, n.length, free(), spare());
  if (tooSmall(size)) size = host.env_get(n.start, n.length, free(), spare());
  checkFound("env_get", size);
  return Value.taken(size);
}
