import type { StreamOpen } from '../protocol/control.ts';
import type { Frame } from '../protocol/frame.ts';
import type { LiveError } from './live-error.ts';
import type { ConnectionStatus } from './types.ts';

/** Who is told what a connection brings, in the order in which it comes. */
export interface Feed {
  /** A stream has begun; it sends everything after the frame's cursor. */
  begin(open: StreamOpen, frame: Frame): void;
  frame(frame: Frame): void;
  comment(text: string): void;
  status(status: ConnectionStatus): void;
  problem(error: LiveError): void;
}
