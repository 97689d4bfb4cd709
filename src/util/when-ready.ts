/** Value that is there already, or a promise of it: most requests need not wait, and a promise costs more than the value. */
export type Ready<T> = T | Promise<T>;

/** Applies `next` to a value: at once where it is there already. */
export function whenReady<T, U>(value: Ready<T>, next: (value: T) => Ready<U>): Ready<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
