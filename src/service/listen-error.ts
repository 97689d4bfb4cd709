/** The service cannot listen where it shall. The message says why. */
export class ListenError extends Error {
  override readonly name = 'ListenError';

  constructor(host: string, port: number, cause: NodeJS.ErrnoException) {
    const why = REASONS[cause.code ?? ''] ?? cause.message;
    super(`Cannot listen at ${host}, port ${port}: ${why}. HOST and PORT say where.`, { cause });
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there already',
  EADDRNOTAVAIL: 'that is no address of this machine',
  EACCES: 'this user may not',
  ENOTFOUND: 'that host is not known',
};
