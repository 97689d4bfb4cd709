/** Slices of `size` items each, the last one shorter; none of an empty list. */
export function chunk<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}

/** Max size of the values of one statement, in bytes: below a max_allowed_packet of 64 KiB. */
const STATEMENT_BYTES = 32 * 1024;

/**
 * Slices of texts, each of at most `maxBytes` in UTF-8 unless it is a single text, and of at most `maxItems`.
 * @param textOf what counts of an item
 */
export function chunkByBytes<T>(
  items: readonly T[],
  textOf: (item: T) => string,
  { maxBytes = STATEMENT_BYTES, maxItems = Number.POSITIVE_INFINITY } = {},
): T[][] {
  const chunks: T[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const size = Buffer.byteLength(textOf(item));
    const last = chunks.at(-1);
    if (last && bytes + size <= maxBytes && last.length < maxItems) {
      last.push(item);
      bytes += size;
    } else {
      chunks.push([item]);
      bytes = size;
    }
  }
  return chunks;
}
