import { check } from "./abort";
import { mark, release, reserve, take } from "./arena";
import { Errno } from "./errno";
import * as host from "./host";
import { Pair } from "./pairs";
import { Value } from "./value";

/** Names a metric: metric("cache_hits").label("tier", "gold").add(1). */
export function metric<N>(name: N): Metric {
  return Metric.named(name);
}

/** What a plugin measures. A series beyond the limit of the gateway is dropped. */
// @ts-ignore: decorator
@unmanaged @final
export class Metric {
  private mark: usize;
  private name: Value;
  private labels: Pair | null;

  static named<N>(name: N): Metric {
    const m = mark(), n = Value.of(name);
    const metric = changetype<Metric>(reserve(offsetof<Metric>()));
    take(offsetof<Metric>());
    metric.mark = m;
    metric.name = n;
    metric.labels = null;
    return metric;
  }

  /** Adds a dimension. */
  label<N, V>(name: N, value: V): Metric {
    this.labels = Pair.add(this.labels, Value.of(name), Value.of(value));
    return this;
  }

  /** Adds to the counter. It is the last call. */
  add(value: f64): void {
    const n = this.name, l = Pair.list(this.labels);
    measured("metric_add", host.metric_add(n.start, n.length, l.start, l.length, value));
    release(this.mark);
  }

  /** Sets the gauge. It is the last call. */
  set(value: f64): void {
    const n = this.name, l = Pair.list(this.labels);
    measured("metric_set", host.metric_set(n.start, n.length, l.start, l.length, value));
    release(this.mark);
  }
}

function measured(what: string, result: i32): void {
  if (result != Errno.Limit) check(what, result);
}
