import { reserve, take } from "./arena";
import { Value } from "./value";

/** Names and values on their way to the host; the last one added comes first here. */
// @ts-ignore: decorator
@unmanaged @final
export class Pair {
  private name: Value;
  private value: Value;
  private before: Pair | null;

  /** Adds a pair to those before it. */
  static add(before: Pair | null, name: Value, value: Value): Pair {
    const pair = changetype<Pair>(reserve(offsetof<Pair>()));
    take(offsetof<Pair>());
    pair.name = name;
    pair.value = value;
    pair.before = before;
    return pair;
  }

  /** The list of all pairs as the host reads it: name, value, name, value, … */
  static list(last: Pair | null): Value {
    let count: usize = 0, size: usize = 0;
    let p = last;
    while (p !== null) {
      count += 2;
      size += p.name.length + p.value.length;
      p = p.before;
    }
    const head: usize = 4 + 4 * count;
    const list = reserve(head + size);
    take(head + size);
    store<u32>(list, <u32>count);
    let lengths = list + head, items = list + head + size;
    p = last;
    while (p !== null) {
      items = prepend(p.value, items, lengths -= 4);
      items = prepend(p.name, items, lengths -= 4);
      p = p.before;
    }
    return Value.at(list, head + size);
  }
}

/** Writes an item that ends before `end`, and its length; returns where it begins. */
function prepend(item: Value, end: usize, length: usize): usize {
  store<u32>(length, item.length);
  memory.copy(end - item.length, item.start, item.length);
  return end - item.length;
}
