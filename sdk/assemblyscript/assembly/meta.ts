import { check } from "./abort";
import { free, mark, release, spare, tooSmall } from "./arena";
import * as host from "./host";
import { Value } from "./value";

/** Values that plugins of one request leave for later ones. */
// @ts-ignore: decorator
@unmanaged @final
export class Meta {
  /** A value, or null. */
  get<N>(name: N): Value | null {
    const n = Value.of(name);
    let size = host.meta_get(n.start, n.length, free(), spare());
    if (tooSmall(size)) size = host.meta_get(n.start, n.length, free(), spare());
    return Value.taken(size);
  }

  /** Leaves a value. Names are case-sensitive and not empty. */
  set<N, V>(name: N, value: V): void {
    const m = mark(), n = Value.of(name), v = Value.of(value);
    check("meta_set", host.meta_set(n.start, n.length, v.start, v.length));
    release(m);
  }
}
