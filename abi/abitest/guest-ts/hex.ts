import { Value } from "../../../sdk/assemblyscript";

const digits = "0123456789abcdef";

/** Spells bytes in lower-case hexadecimal. */
export function hex(bytes: Value): string {
  const text = new Uint8Array(2 * bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    text[2 * i] = <u8>digits.charCodeAt(bytes[i] >> 4);
    text[2 * i + 1] = <u8>digits.charCodeAt(bytes[i] & 15);
  }
  return Value.of(text).toString();
}

/** Reads hexadecimal. */
export function unhex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = digits.indexOf(text.charAt(2 * i)), low = digits.indexOf(text.charAt(2 * i + 1));
    assert(high >= 0 && low >= 0, "not hexadecimal");
    bytes[i] = <u8>(16 * high + low);
  }
  return bytes;
}
