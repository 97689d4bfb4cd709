/** Triggers could not be installed or dropped. The message names the cause and the remedy. */
export class TriggerError extends Error {
  override readonly name = 'TriggerError';
}
