/** The errors of host functions. */
export enum Errno {
  /** There is no such field, value, member or session. */
  NotFound = -1,
  /** Pointer and length leave the memory. */
  Fault = -2,
  /** Not a valid name, value, method, target, status or JSON text. */
  Invalid = -3,
  /** This part cannot be edited in this hook. */
  ReadOnly = -4,
  /** A limit is exceeded. */
  Limit = -5,
  /** There is a body, and it was not buffered for this hook. */
  Streamed = -6,
  /** No hook is running. */
  NoCall = -7,
  /** The key, URL, address or name is not among those that were granted. */
  Denied = -8,
  /** The store or the network did not answer as it should. */
  Unavailable = -9,
  /** The deadline of the hook passed. */
  Timeout = -10,
}

/** Describes an error. */
export function describe(code: i32): string {
  switch (code) {
    case Errno.NotFound: return "not found";
    case Errno.Fault: return "pointer outside of the memory";
    case Errno.Invalid: return "invalid argument";
    case Errno.ReadOnly: return "cannot be edited in this hook";
    case Errno.Limit: return "limit exceeded";
    case Errno.Streamed: return "body was not buffered";
    case Errno.NoCall: return "no hook is running";
    case Errno.Denied: return "not granted";
    case Errno.Unavailable: return "not available";
    case Errno.Timeout: return "deadline passed";
    default: return "unknown error";
  }
}
