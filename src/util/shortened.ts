/** The first `length` UTF-16 units of a text, without cutting a character in two, and well formed. */
export function shortened(text: string, length: number): string {
  const splits = /[\ud800-\udbff]$/.test(text.slice(0, length)) && text.length > length;
  return text.slice(0, splits ? length - 1 : length).toWellFormed();
}
