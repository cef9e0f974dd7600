// UTF-8 as the WHATWG encoding standard prescribes it. The decoder of the
// standard library trusts its input: after a byte that begins a sequence it
// takes whatever follows, even a delimiter that the plugin looks for. This one
// replaces each ill-formed part by U+FFFD.

const replacement: u32 = 0xfffd;

/** Decodes n bytes into a string of its own. */
export function decode(start: usize, n: usize): string {
  // No byte becomes more than one unit of UTF-16.
  const text = __new(n << 1, idof<String>());
  let out = text;
  const end = start + n;
  for (let at = start; at < end; ) {
    const byte = <u32>load<u8>(at++);
    if (byte < 0x80) {
      store<u16>(out, byte);
      out += 2;
      continue;
    }
    const point = sequence(byte, at, end);
    at = next;
    out = put(out, point);
  }
  return changetype<string>(__renew(text, out - text));
}

// Where the sequence that was read last ends.
let next: usize = 0;

/** Reads the rest of a sequence and returns its code point. */
function sequence(lead: u32, at: usize, end: usize): u32 {
  next = at;
  if (lead < 0xc2 || lead > 0xf4) return replacement;
  const rest = 1 + <i32>(lead >= 0xe0) + <i32>(lead >= 0xf0);
  // The bounds of the second byte rule out long forms, surrogates and what
  // is beyond U+10FFFF.
  let low: u32 = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  let high: u32 = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  let point = lead & (0x3f >> rest);
  for (let i = 0; i < rest; i++) {
    if (next == end) return replacement;
    const byte = <u32>load<u8>(next);
    if (byte < low || byte > high) return replacement;
    point = (point << 6) | (byte & 0x3f);
    low = 0x80;
    high = 0xbf;
    next++;
  }
  return point;
}

/** Writes a code point in UTF-16 and returns the place after it. */
function put(out: usize, point: u32): usize {
  if (point < 0x10000) {
    store<u16>(out, point);
    return out + 2;
  }
  point -= 0x10000;
  store<u16>(out, 0xd800 | (point >> 10));
  store<u16>(out, 0xdc00 | (point & 0x3ff), 2);
  return out + 4;
}

/**
 * Encodes n units of UTF-16 and returns the number of bytes, three per unit
 * at most. Half a surrogate pair becomes U+FFFD.
 */
export function encode(text: usize, n: usize, to: usize): usize {
  const end = text + 2 * n;
  let out = to;
  while (text < end) {
    let point = <u32>load<u16>(text);
    text += 2;
    if (point < 0x80) {
      store<u8>(out++, point);
      continue;
    }
    if ((point & 0xf800) == 0xd800) {
      const low: u32 = text < end ? load<u16>(text) : 0;
      const paired = point < 0xdc00 && (low & 0xfc00) == 0xdc00;
      point = paired ? 0x10000 + ((point & 0x3ff) << 10) + (low & 0x3ff) : replacement;
      if (paired) text += 2;
    }
    out = spell(out, point);
  }
  return out - to;
}

/** Writes a code point beyond ASCII in UTF-8 and returns the place after it. */
function spell(out: usize, point: u32): usize {
  if (point < 0x800) {
    store<u8>(out, 0xc0 | (point >> 6));
    return trail(out + 1, point);
  }
  if (point < 0x10000) {
    store<u8>(out, 0xe0 | (point >> 12));
  } else {
    store<u8>(out, 0xf0 | (point >> 18));
    out = trail(out + 1, point >> 12) - 1;
  }
  return trail(trail(out + 1, point >> 6), point);
}

// @ts-ignore: decorator
@inline
function trail(out: usize, bits: u32): usize {
  store<u8>(out, 0x80 | (bits & 0x3f));
  return out + 1;
}
