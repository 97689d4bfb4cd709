/** The embedded database cannot be had; the message is written for whoever started the service. */
export class EmbeddedDatabaseError extends Error {
  override readonly name = 'EmbeddedDatabaseError';
}
