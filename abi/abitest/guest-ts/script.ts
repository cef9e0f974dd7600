import { Exchange, Header, Verdict } from "../../../sdk/assemblyscript";
import { hex, unhex } from "./hex";
import { see } from "./echo";

/** A script that is being carried out. */
export class Script {
  verdict: Verdict = Verdict.Continue;

  /** Echoes go to the header fields `echoes`. */
  constructor(private readonly x: Exchange, private readonly echoes: Header) {}

  /** Carries out one line. */
  line(line: string): void {
    const op = first(line), args = rest(line);
    if (op == "fail") throw new Error("told to fail");
    if (op == "hang") while (true) {}
    if (op.startsWith("echo-")) return this.echo(op, args);
    if (op.endsWith("-header")) return this.header(op, args);
    if (op.endsWith("-body")) return this.body(op, args);
    this.set(op, args);
  }

  private echo(op: string, args: string): void {
    const source = first(args), two = source.length < args.length;
    this.echoes.set(two ? rest(args) : source, see(this.x, op, source));
  }

  private header(op: string, args: string): void {
    const header = op.includes("-reply-") ? this.x.reply.header : this.x.request.header;
    if (op.startsWith("set-")) return header.set(first(args), rest(args));
    if (op.startsWith("add-")) return header.add(first(args), rest(args));
    if (op.startsWith("del-")) return header.del(args);
    throw new Error("no line " + op);
  }

  private body(op: string, args: string): void {
    const request = this.x.request, reply = this.x.reply;
    if (op == "set-request-body") return request.setBody(unhex(args));
    if (op == "set-reply-body") return reply.setBody(unhex(args));
    if (op == "append-request-body") return request.setBody(unhex(hex(request.body()) + args));
    if (op == "append-reply-body") return reply.setBody(unhex(hex(reply.body()) + args));
    throw new Error("no line " + op);
  }

  private set(op: string, args: string): void {
    const x = this.x;
    if (op == "set-method") return x.request.setMethod(args);
    if (op == "set-uri") return x.request.setURI(args);
    if (op == "set-host") return x.request.setHost(args);
    if (op == "set-meta") return x.meta.set(first(args), rest(args));
    if (op == "set-session") return x.session.set(args);
    if (op == "set-metadata") return x.session.setMetadata(args);
    if (op == "set-status") {
      x.reply.status = I32.parseInt(args);
      return;
    }
    assert(op == "answer", "no line " + op);
    this.verdict = x.answer(I32.parseInt(first(args)), unhex(rest(args)));
  }
}

/** The first word. */
function first(text: string): string {
  const space = text.indexOf(" ");
  return space < 0 ? text : text.substring(0, space);
}

/** What follows the first word. */
function rest(text: string): string {
  const space = text.indexOf(" ");
  return space < 0 ? "" : text.substring(space + 1);
}
