import { Exchange, Value, Verdict, run } from "../../index";

// Answers with what a method of the first value makes of the second.
export function sallyport_pre(): Verdict {
  return run((x: Exchange) => {
    const h = x.request.header;
    const op = (<Value>h.get("Op")).toString();
    const a = <Value>h.get("A"), b = h.get("B");
    return x.answer(200, apply(op, a, b === null ? Value.of("") : b));
  });
}

function apply(op: string, a: Value, b: Value): string {
  if (op == "length") return a.length.toString();
  if (op == "at") return a[<i32>parseInt(b.toString())].toString();
  if (op == "is") return a.is(b).toString() + " " + a.is(b.toString()).toString();
  if (op == "indexOf") return a.indexOf(b).toString();
  if (op == "slice") {
    const comma = b.indexOf(",");
    const from = <i32>parseInt(b.slice(0, comma).toString()), to = <i32>parseInt(b.slice(comma + 1).toString());
    return a.slice(from, to).toString();
  }
  if (op == "toString") return a.toString();
  if (op == "copy") return Value.of(a.toArrayBuffer()).toString();
  if (op == "half") return String.fromCharCode(0xd83d) + "!" + String.fromCharCode(0xde00);
  throw new Error("no operation " + op);
}
