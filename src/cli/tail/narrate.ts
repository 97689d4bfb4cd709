import type { StreamOpen } from '../../protocol/control.ts';
import { counted } from '../../util/english.ts';
import type { Screen } from '../context.ts';
import { safeText } from '../safe-text.ts';
import type { StreamMessage } from './follow.ts';

/** Reporter of the connection's state; it reports each change once. */
export interface Narrator {
  /** Reports a control frame. */
  control(message: StreamMessage): void;
  /** Reports that the connection was lost, or could not be made. */
  lost(why: string): void;
}

export function createNarrator(screen: Screen, url: string): Narrator {
  let state: 'new' | 'open' | 'lost' = 'new';
  const report = (mark: string, text: string) => screen.line(`${mark} ${safeText(text)}`);
  const good = () => screen.paint('green', '●');
  const bad = () => screen.paint('red', '○');
  const careful = () => screen.paint('yellow', '▲');

  function opened(open: StreamOpen, cursor: string): void {
    const scopes = open.scopes.join(', ');
    report(
      good(),
      state === 'new' ? `listening to ${scopes} from ${cursor}` : `listening again from ${cursor}`,
    );
    if (!open.recovered) report(careful(), lossOf(open, cursor));
    else if (open.stale !== undefined)
      report(careful(), `older ${open.stale.join(', ')} were deleted: read their state again`);
    state = 'open';
  }

  return {
    control(message) {
      if (message.event === 'stream-open') opened(message.data, message.cursor);
      if (message.event === 'caught-up') {
        const { replayed } = message.data;
        if (replayed > 0) report(good(), `${counted(replayed, 'message')} replayed; live from here on`);
      }
      if (message.event === 'stream-close') {
        const { reason, reconnect } = message.data;
        if (reconnect && state === 'open') {
          report(bad(), `the service closed the stream (${reason}): reconnecting`);
          state = 'lost';
        }
      }
    },
    /** Reports that the connection was lost, or could not be made. */
    lost(why) {
      if (state === 'lost') return;
      report(
        bad(),
        state === 'new'
          ? `${url} cannot be reached: ${why}. Retrying; Ctrl-C ends it`
          : `the connection is lost: ${why}. Reconnecting`,
      );
      state = 'lost';
    },
  };
}

function lossOf({ lost, requested }: StreamOpen, cursor: string): string {
  const range = lost?.after == null ? `after ${requested ?? 'your cursor'}` : `after #${lost.after}`;
  const through = lost === undefined ? '' : ` up to #${lost.through}`;
  return `not recovered: messages ${range}${through} are lost to this stream, which begins at ${cursor}`;
}
