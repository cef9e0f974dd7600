import { check } from "./abort";
import { free, mark, release, spare, take, tooSmall } from "./arena";
import * as host from "./host";
import { List } from "./list";
import { Value } from "./value";

/**
 * The header fields of a message. Names are compared without regard to case.
 * Names and values are whatever {@link Value.of} takes. An edit that the
 * gateway refuses ends the hook.
 *
 * Like all parts of an exchange it is a handle: there is no object in memory,
 * its address is the number of the message plus one.
 */
// @ts-ignore: decorator
@unmanaged @final
export class Header {
  /** The value of the first field of that name, or null. */
  get<N>(name: N): Value | null {
    const n = Value.of(name);
    let size = host.header_get(this.message, n.start, n.length, free(), spare());
    if (tooSmall(size)) size = host.header_get(this.message, n.start, n.length, free(), spare());
    return Value.taken(size);
  }

  /** Reports whether there is a field of that name. */
  has<N>(name: N): bool {
    const m = mark(), n = Value.of(name);
    const size = host.header_get(this.message, n.start, n.length, 0, 0);
    release(m);
    return size >= 0;
  }

  /** The values of all fields of that name. */
  values<N>(name: N): List {
    const n = Value.of(name);
    let size = host.header_values(this.message, n.start, n.length, free(), spare());
    if (tooSmall(size)) size = host.header_values(this.message, n.start, n.length, free(), spare());
    return listOf("header_values", size);
  }

  /** Every name once, as it was first spelled. */
  names(): List {
    let size = host.header_names(this.message, free(), spare());
    if (tooSmall(size)) size = host.header_names(this.message, free(), spare());
    return listOf("header_names", size);
  }

  /** Name and value of all fields in their order, read in one call of the host. */
  all(): Fields {
    let size = host.header_all(this.message, free(), spare());
    if (tooSmall(size)) size = host.header_all(this.message, free(), spare());
    return changetype<Fields>(listOf("header_all", size));
  }

  /** Replaces all fields of that name by one. */
  set<N, V>(name: N, value: V): void {
    const m = mark(), n = Value.of(name), v = Value.of(value);
    check("header_set", host.header_set(this.message, n.start, n.length, v.start, v.length));
    release(m);
  }

  /** Appends a field. */
  add<N, V>(name: N, value: V): void {
    const m = mark(), n = Value.of(name), v = Value.of(value);
    check("header_add", host.header_add(this.message, n.start, n.length, v.start, v.length));
    release(m);
  }

  /** Removes all fields of that name. */
  del<N>(name: N): void {
    const m = mark(), n = Value.of(name);
    check("header_del", host.header_del(this.message, n.start, n.length));
    release(m);
  }

  // @ts-ignore: decorator
  @inline
  private get message(): u32 {
    return <u32>changetype<usize>(this) - 1;
  }
}

/** The fields of a request. */
export const requestHeader = changetype<Header>(1);

/** The fields of a reply. */
export const replyHeader = changetype<Header>(2);

/** Name and value of header fields, in their order. */
// @ts-ignore: decorator
@unmanaged @final
export class Fields {
  /** The number of fields. */
  get length(): i32 {
    return this.list.length >> 1;
  }

  /** The name of a field. */
  name(index: i32): Value {
    return this.list[2 * index];
  }

  /** The value of a field. */
  value(index: i32): Value {
    return this.list[2 * index + 1];
  }

  // @ts-ignore: decorator
  @inline
  private get list(): List {
    return changetype<List>(this);
  }
}

/** Opens the list that the host wrote to {@link free}. */
export function listOf(what: string, size: i32): List {
  check(what, size);
  const bytes = free();
  take(size);
  return List.open(bytes);
}
