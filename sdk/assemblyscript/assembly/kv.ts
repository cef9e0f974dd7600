import { check, checkFound } from "./abort";
import { free, mark, release, reserve, spare, take, tooSmall } from "./arena";
import * as host from "./host";
import { Value } from "./value";

/**
 * Values that outlive the request. The plugin's configuration must grant the
 * keys. Times to live are in milliseconds, and 0 means no expiry. The hook ends
 * if the key is not granted or the store does not answer.
 */
// @ts-ignore: decorator
@unmanaged @final
export class KV {
  /** A value, or null. */
  get<K>(key: K): Value | null {
    const k = Value.of(key);
    let size = host.kv_get(k.start, k.length, free(), spare());
    // Another request may put a larger value there meanwhile.
    while (tooSmall(size)) size = host.kv_get(k.start, k.length, free(), spare());
    checkFound("kv_get", size);
    return Value.taken(size);
  }

  /** Stores a value. */
  set<K, V>(key: K, value: V, ttl: i64 = 0): void {
    const m = mark(), k = Value.of(key), v = Value.of(value);
    check("kv_set", host.kv_set(k.start, k.length, v.start, v.length, ttl));
    release(m);
  }

  /** Stores a value under a key that has none, and reports whether it had none. */
  setIfAbsent<K, V>(key: K, value: V, ttl: i64 = 0): bool {
    const m = mark(), k = Value.of(key), v = Value.of(value);
    const stored = host.kv_set_if_absent(k.start, k.length, v.start, v.length, ttl);
    check("kv_set_if_absent", stored);
    release(m);
    return stored == 1;
  }

  /**
   * Adds to a number, which is 0 at first, and returns the sum. The time to
   * live is set together with the first value only.
   */
  incr<K>(key: K, delta: i64 = 1, ttl: i64 = 0): i64 {
    const m = mark(), k = Value.of(key);
    const place = reserve(sizeof<i64>());
    take(sizeof<i64>());
    check("kv_incr", host.kv_incr(k.start, k.length, place, delta, ttl));
    release(m);
    return load<i64>(place);
  }

  /** Removes a value, if there is one. */
  del<K>(key: K): void {
    const m = mark(), k = Value.of(key);
    check("kv_del", host.kv_del(k.start, k.length));
    release(m);
  }
}

/** The store. */
export const kv = changetype<KV>(1);
