/** The triggers cannot be put on the platform's tables, or taken off. The message says why, and what to do. */
export class TriggerError extends Error {
  override readonly name = 'TriggerError';
}
