/**
 * Ids of a JSON column of the platform, such as `contest.problems`. Drivers give it parsed or as text; values that are no ids
 * are left out.
 */
export function idsOf(column: unknown): number[] {
  try {
    const parsed: unknown = typeof column === 'string' ? JSON.parse(column) : column;
    return Array.isArray(parsed)
      ? parsed.map(Number).filter((id) => Number.isSafeInteger(id) && id >= 1)
      : [];
  } catch {
    return [];
  }
}
