/** What a hook decides. */
export enum Verdict {
  /** The request goes on. */
  Continue,
  /** The request ends with the reply that the hook has set. */
  Respond,
}
