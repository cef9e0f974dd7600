import { free, reserve, take } from "./arena";
import { decode, encode } from "./utf8";

/**
 * Bytes: what accessors return, and what edits accept. A value is valid until
 * the hook returns, or for ever if it was read outside of hooks. {@link toString}
 * and {@link toArrayBuffer} make copies that live on. It is a view and does not
 * belong to the garbage collector.
 */
// @ts-ignore: decorator
@unmanaged @final
export class Value {
  /** The address of the first byte. */
  readonly start: usize;
  /** The number of bytes. */
  readonly length: i32;

  /** Makes a value of n bytes from an address on. */
  static at(start: usize, n: usize): Value {
    const place = reserve(offsetof<Value>());
    take(offsetof<Value>());
    store<usize>(place, start, offsetof<Value>("start"));
    store<i32>(place, <i32>n, offsetof<Value>("length"));
    return changetype<Value>(place);
  }

  /** The value of n bytes that the host wrote to {@link free}; null for an error. */
  static taken(n: i32): Value | null {
    if (n < 0) return null;
    const start = free();
    take(n);
    return Value.at(start, n);
  }

  /**
   * Makes a value of a string (in UTF-8), an ArrayBuffer, a Uint8Array, a
   * StaticArray of bytes or another value. Only strings are copied; the bytes
   * of the others must stay alive. Null is the empty value.
   */
  static of<T>(source: T): Value {
    if (!isReference<T>()) ERROR("not a string, Value, ArrayBuffer, Uint8Array or StaticArray<u8>");
    if (changetype<usize>(source) == 0) return Value.at(0, 0);
    if (isString<T>()) return encoded(changetype<string>(source));
    if (source instanceof Value) return changetype<Value>(source);
    if (source instanceof Uint8Array) {
      const array = changetype<Uint8Array>(source);
      return Value.at(array.dataStart, array.length);
    }
    if (source instanceof ArrayBuffer) {
      return Value.at(changetype<usize>(source), changetype<ArrayBuffer>(source).byteLength);
    }
    if (source instanceof StaticArray<u8>) {
      return Value.at(changetype<usize>(source), changetype<StaticArray<u8>>(source).length);
    }
    ERROR("not a string, Value, ArrayBuffer, Uint8Array or StaticArray<u8>");
  }

  /** The byte at an index. An index outside of the value ends the hook. */
  @operator("[]")
  at(index: i32): u8 {
    if (<u32>index >= <u32>this.length) throw new RangeError("index outside of the value");
    return load<u8>(this.start + <usize>index);
  }

  /** Reports whether the bytes are those of a string or another value. */
  is<T>(other: T): bool {
    const o = Value.of(other);
    return this.length == o.length && memory.compare(this.start, o.start, this.length) == 0;
  }

  /** Where a string or another value first occurs at or after from, or -1. */
  indexOf<T>(part: T, from: i32 = 0): i32 {
    const p = Value.of(part);
    for (let i = max(from, 0); i <= this.length - p.length; i++) {
      if (memory.compare(this.start + <usize>i, p.start, p.length) == 0) return i;
    }
    return -1;
  }

  /** The bytes from one index up to another, both cut to the length. */
  slice(from: i32, to: i32 = i32.MAX_VALUE): Value {
    from = min(max(from, 0), this.length);
    to = min(max(to, from), this.length);
    return Value.at(this.start + <usize>from, to - from);
  }

  /** Decodes UTF-8 into a string of its own; what is not UTF-8 becomes U+FFFD. */
  toString(): string {
    return decode(this.start, this.length);
  }

  /** Copies the bytes. */
  toArrayBuffer(): ArrayBuffer {
    const copy = new ArrayBuffer(this.length);
    memory.copy(changetype<usize>(copy), this.start, this.length);
    return copy;
  }
}

function encoded(text: string): Value {
  const place = reserve(3 * <usize>text.length);
  const n = encode(changetype<usize>(text), text.length, place);
  take(n);
  return Value.at(place, n);
}
