import type { LiveError } from './live-error.ts';
import type { ConnectionState, ConnectionStatus } from './types.ts';

/** Status with defaults for everything but its state. */
export function plainStatus(
  state: ConnectionState,
  role: ConnectionStatus['role'] = 'leader',
  error?: LiveError,
): ConnectionStatus {
  return {
    state,
    retryAt: undefined,
    failures: 0,
    error,
    closeReason: undefined,
    streamId: undefined,
    refused: [],
    role,
  };
}
