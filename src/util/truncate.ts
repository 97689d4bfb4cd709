/** The first `length` UTF-16 units of a text, well formed and without half of a surrogate pair at its end. */
export function truncate(text: string, length: number): string {
  const splits = /[\ud800-\udbff]$/.test(text.slice(0, length)) && text.length > length;
  return text.slice(0, splits ? length - 1 : length).toWellFormed();
}
