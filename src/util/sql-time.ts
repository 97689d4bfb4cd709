/** An instant as a literal for a DATETIME(3) column, in UTC. @param at ms since 1970, or ISO 8601 in UTC */
export function sqlTime(at: number | string): string {
  return new Date(at).toISOString().replace('T', ' ').replace('Z', '');
}
