import { check } from "./abort";
import { free, mark, release, spare, tooSmall } from "./arena";
import * as host from "./host";
import { Value } from "./value";

/** What the gateway knows of the caller behind a credential. */
// @ts-ignore: decorator
@unmanaged @final
export class Session {
  /**
   * One field of the session by its JSON name, for instance "key_id", "alias"
   * or "rate": strings as their text, everything else as JSON. The empty name
   * is the whole session. It is null without a session.
   */
  get<N>(name: N): Value | null {
    const n = Value.of(name);
    let size = host.session_get(n.start, n.length, free(), spare());
    if (tooSmall(size)) size = host.session_get(n.start, n.length, free(), spare());
    return Value.taken(size);
  }

  /** Sets the session from its JSON form; auth hook only. */
  set<T>(json: T): void {
    const m = mark(), j = Value.of(json);
    check("session_set", host.session_set(j.start, j.length));
    release(m);
  }

  /**
   * One value of the session's metadata, or null: strings as their text,
   * everything else as JSON. The empty name is the whole object.
   */
  metadata<N>(name: N): Value | null {
    const n = Value.of(name);
    let size = host.metadata_get(n.start, n.length, free(), spare());
    if (tooSmall(size)) size = host.metadata_get(n.start, n.length, free(), spare());
    return Value.taken(size);
  }

  /** Replaces the metadata by a JSON object; there must be a session. */
  setMetadata<T>(json: T): void {
    const m = mark(), j = Value.of(json);
    check("metadata_set", host.metadata_set(j.start, j.length));
    release(m);
  }
}
