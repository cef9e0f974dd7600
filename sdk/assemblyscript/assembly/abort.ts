import { describe, Errno } from "./errno";
import { Line } from "./line";
import { Level } from "./log";

/**
 * Replaces abort, which throw, assert and the checks of the language call. It
 * logs the reason and ends the hook. The compiler finds it by its global name,
 * from the option "use abort=sallyport_abort".
 */
// @ts-ignore: decorator
@global @unsafe
function sallyport_abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const out = Line.begin();
  out.text(message === null ? "aborted" : message);
  if (file !== null) {
    out.text(" (").text(file).text(":").number(line).text(":").number(column).text(")");
  }
  out.send(Level.Error);
  unreachable();
}

/** Ends the hook if the result of a host function is an error. */
// @ts-ignore: decorator
@inline
export function check(what: string, result: i32): void {
  if (result < 0) refused(what, result);
}

/** Like {@link check}, for what need not be there. */
// @ts-ignore: decorator
@inline
export function checkFound(what: string, result: i32): void {
  if (result != Errno.NotFound) check(what, result);
}

function refused(what: string, code: i32): void {
  Line.begin().text(what).text(": ").text(describe(code)).send(Level.Error);
  unreachable();
}
