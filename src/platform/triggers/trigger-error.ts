/** Triggers could not be installed or dropped. The message says why, and what to do. */
export class TriggerError extends Error {
  override readonly name = 'TriggerError';
}
