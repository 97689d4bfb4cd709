import type { CaughtUp, StreamClose, StreamOpen } from '../../protocol/control.ts';
import type { Screen } from '../context.ts';
import { counted } from '../phrases.ts';
import { safeText } from '../safe-text.ts';
import type { StreamMessage } from './follow.ts';

/** Says how the connection fares, each thing once. */
export interface Narrator {
  /** A message about the stream itself. */
  control(message: StreamMessage): void;
  lost(why: string): void;
}

export function createNarrator(screen: Screen, url: string): Narrator {
  let state: 'new' | 'open' | 'lost' = 'new';
  const say = (mark: string, text: string) => screen.line(`${mark} ${safeText(text)}`);
  const good = () => screen.paint('green', '●');
  const bad = () => screen.paint('red', '○');
  const careful = () => screen.paint('yellow', '▲');

  function opened(open: StreamOpen, cursor: string): void {
    const scopes = open.scopes.join(', ');
    say(good(), state === 'new' ? `listening to ${scopes} from ${cursor}` : `listening again from ${cursor}`);
    if (!open.recovered) say(careful(), lossOf(open, cursor));
    else if (open.stale !== undefined)
      say(careful(), `older ${open.stale.join(', ')} were let go: read those states again`);
    state = 'open';
  }

  return {
    control({ event, data, cursor }) {
      const content: unknown = JSON.parse(data);
      if (event === 'stream-open') opened(content as StreamOpen, cursor);
      if (event === 'caught-up') {
        const { replayed } = content as CaughtUp;
        if (replayed > 0)
          say(good(), `that was ${counted(replayed, 'message')} from before; what follows is live`);
      }
      if (event === 'stream-close') {
        const { reason, reconnect } = content as StreamClose;
        if (reconnect && state === 'open') {
          say(bad(), `the service closed the stream (${reason}): coming back`);
          state = 'lost';
        }
      }
    },
    lost(why) {
      if (state === 'lost') return;
      say(
        bad(),
        state === 'new'
          ? `${url} cannot be reached: ${why}. Trying on; Ctrl-C ends it`
          : `the connection is lost: ${why}. Trying to get it back`,
      );
      state = 'lost';
    },
  };
}

function lossOf({ lost, requested }: StreamOpen, cursor: string): string {
  const range = lost?.after == null ? `after ${requested ?? 'your cursor'}` : `after #${lost.after}`;
  const through = lost === undefined ? '' : ` up to #${lost.through}`;
  return `not recovered: what came ${range}${through} is lost to this stream, it begins at ${cursor}`;
}
