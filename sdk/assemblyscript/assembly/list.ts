import { reserve, take } from "./arena";
import { Value } from "./value";

/**
 * A list as the host writes it: a count, the length of each item, and then
 * the items; all numbers are 32-bit little endian. It is valid until the hook
 * returns. Reading the items in their order takes no search.
 */
// @ts-ignore: decorator
@unmanaged @final
export class List {
  private bytes: usize;
  private next: i32; // the item at the place `at`
  private at: usize;

  /** Opens a list that the host wrote to an address. */
  static open(bytes: usize): List {
    const list = changetype<List>(reserve(offsetof<List>()));
    take(offsetof<List>());
    list.bytes = bytes;
    list.rewind();
    return list;
  }

  /** The number of items. */
  get length(): i32 {
    return load<i32>(this.bytes);
  }

  /** The item at an index. An index outside of the list ends the hook. */
  @operator("[]")
  item(index: i32): Value {
    if (<u32>index >= <u32>this.length) throw new RangeError("index outside of the list");
    if (index < this.next) this.rewind();
    while (this.next < index) this.skip();
    return Value.at(this.at, this.size(index));
  }

  private rewind(): void {
    this.next = 0;
    this.at = this.bytes + 4 + 4 * <usize>this.length;
  }

  private skip(): void {
    this.at += this.size(this.next++);
  }

  private size(index: i32): usize {
    return <usize>load<u32>(this.bytes + 4 * <usize>index, 4);
  }
}
