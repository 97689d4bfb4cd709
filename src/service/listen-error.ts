/** Error of a server that cannot listen. The message names the address, the cause, and the variables to change. */
export class ListenError extends Error {
  override readonly name = 'ListenError';

  constructor(
    { host, port, exclusive = false }: { host: string; port: number; exclusive?: boolean },
    cause: NodeJS.ErrnoException,
  ) {
    const why = REASONS[cause.code ?? ''] ?? cause.message;
    super(
      `Cannot listen at ${host}, port ${port}: ${why}. Set HOST and ${exclusive ? 'WORKER_PORTS to free ports' : 'PORT to a free address'} of this machine.`,
      { cause },
    );
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EADDRNOTAVAIL: 'the address is not one of this machine',
  EACCES: 'permission denied',
  ENOTFOUND: 'the host name is unknown',
};
