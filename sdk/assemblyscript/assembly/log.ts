import { mark, release } from "./arena";
import * as host from "./host";
import { Value } from "./value";

/** The level of a log line. */
export enum Level {
  Debug,
  Info,
  Warn,
  Error,
}

/**
 * Writes a line to the log of the gateway, where it is tagged with plugin and
 * request. Long lines are cut and floods are dropped. It also works outside
 * of hooks.
 */
export function log<T>(level: Level, line: T): void {
  const m = mark(), text = Value.of(line);
  host.log(level, text.start, text.length);
  release(m);
}
