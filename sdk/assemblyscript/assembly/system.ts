import { check } from "./abort";
import * as host from "./host";

/** Nanoseconds since the Unix epoch. */
export function now(): i64 { return host.clock(0); }

/** Nanoseconds of a monotonic clock. */
export function monotonic(): i64 { return host.clock(1); }

/** Nanoseconds until the deadline of the hook. */
export function timeLeft(): i64 { return host.time_left(); }

/** Fills a buffer from a secure source, 64 KiB at most. */
export function random(buffer: ArrayBuffer): void {
  check("random", host.random(changetype<usize>(buffer), buffer.byteLength));
}
