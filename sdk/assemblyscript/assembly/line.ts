import * as host from "./host";
import { encode } from "./utf8";

// The host cuts lines after 1 KiB.
const most: usize = 1024;

// @ts-ignore: the size is a constant
const buffer: usize = memory.data(1024);

let length: usize = 0;

/**
 * A log line that is built without allocating, because it may have to report
 * that memory has run out.
 */
// @ts-ignore: decorator
@unmanaged @final
export class Line {
  /** Starts the only line. */
  static begin(): Line {
    length = 0;
    return changetype<Line>(buffer);
  }

  /** Appends text, as far as there is space for it. */
  text(text: string): Line {
    const fits = min(<usize>text.length, (most - length) / 3);
    length += encode(changetype<usize>(text), fits, buffer + length);
    return this;
  }

  /** Appends a number. */
  number(n: u32): Line {
    let divisor: u32 = 1;
    while (n / divisor >= 10) divisor *= 10;
    for (; divisor > 0 && length < most; divisor /= 10) {
      store<u8>(buffer + length++, 0x30 + ((n / divisor) % 10));
    }
    return this;
  }

  /** Writes the line to the log. */
  send(level: u32): void {
    host.log(level, buffer, <u32>length);
  }
}
