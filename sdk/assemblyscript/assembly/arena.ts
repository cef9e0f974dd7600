// The memory of one hook, for arguments to the host and the values it returns.
// It is a bump allocator: nothing is freed on its own, and everything is free
// again when the next hook begins. A larger chunk replaces one that is full;
// values in the old chunk stay where they are until the next hook.

// @ts-ignore: decorator
@unmanaged
class Chunk {
  older: Chunk | null;
}

const firstSize: usize = 4096;
const largest: usize = 1 << 30;

// The first chunk is static: most hooks never need another.
// @ts-ignore: the size is a constant
let base: usize = memory.data(4096, 16);
let end: usize = base + firstSize;
let top: usize = base;
let chunk: Chunk | null = null;
let begun = false;

/**
 * Frees what the last hook took. The largest chunk is kept, so that warm hooks
 * allocate nothing. What was taken before the first hook is never freed.
 */
export function begin(): void {
  if (!begun) {
    begun = true;
    base = top;
    chunk = null;
  }
  top = base;
  const kept = chunk;
  if (kept === null) return;
  let next = kept.older;
  kept.older = null;
  while (next !== null) {
    const older = next.older;
    heap.free(changetype<usize>(next));
    next = older;
  }
}

/** Returns where the next bytes go, with space for at least n of them. */
export function reserve(n: usize): usize {
  if (n > end - top) grow(n);
  return top;
}

/** Where the host may write to. */
// @ts-ignore: decorator
@inline
export function free(): usize {
  return top;
}

/** How many bytes the host may write there. */
// @ts-ignore: decorator
@inline
export function spare(): usize {
  return end - top;
}

/**
 * Reports whether a result of n means that there was not enough space, and
 * makes space if so: then the host is to be called again.
 */
export function tooSmall(n: i32): bool {
  if (n <= <i32>spare()) return false;
  grow(n);
  return true;
}

/** Takes n bytes that were reserved. The next ones are aligned for numbers. */
// @ts-ignore: decorator
@inline
export function take(n: usize): void {
  top = (top + n + 3) & ~3;
}

/** The place to which {@link release} can go back. */
// @ts-ignore: decorator
@inline
export function mark(): usize {
  return top;
}

/** Frees what was taken since the mark, unless a larger chunk was needed. */
// @ts-ignore: decorator
@inline
export function release(mark: usize): void {
  if (mark >= base && mark <= top) top = mark;
}

function grow(n: usize): void {
  if (n > largest) unreachable();
  const size: usize = (max<usize>(2 * (end - base), n) + offsetof<Chunk>() + 15) & ~15;
  const larger = changetype<Chunk>(heap.alloc(size));
  larger.older = chunk;
  chunk = larger;
  top = base = changetype<usize>(larger) + offsetof<Chunk>();
  end = changetype<usize>(larger) + size;
}
