import type { StreamOpen } from '../protocol/control.ts';
import type { Frame } from '../protocol/frame.ts';
import type { LiveError } from './live-error.ts';
import type { ConnectionStatus } from './types.ts';

/** Receiver of what a connection delivers, in order. */
export interface ConnectionListener {
  /** A stream has begun; it delivers everything after the frame's cursor. */
  begin(open: StreamOpen, frame: Frame): void;
  frame(frame: Frame): void;
  comment(text: string): void;
  status(status: ConnectionStatus): void;
  problem(error: LiveError): void;
}
