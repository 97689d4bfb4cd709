import { type Bytes, encodeBytes } from '../channel/live-frame.ts';
import type { Sink } from '../stream/sink.ts';

const NEWLINE = encodeBytes('\n');
const OPENING_BRACE = 0x7b;
const COLON = 0x3a;

/**
 * Sink of a feed over that of a stream, so that a feed has the limits, the expiry and the withdrawal of a stream: of what the
 * stream writes, lines of the feed pass, a keepalive comment becomes the newline that the specification asks for, and frames
 * of server-sent events are dropped.
 *
 * @param onEnd called once when the response is over
 */
export function openFeedSink(sink: Sink, onEnd: () => void): Sink {
  return {
    write(bytes: Bytes) {
      const first = bytes.plain[0];
      if (first === OPENING_BRACE) sink.write(bytes);
      else if (first === COLON) sink.write(NEWLINE);
    },
    get unsent() {
      return sink.unsent;
    },
    get taken() {
      return sink.taken;
    },
    get endpoints() {
      return sink.endpoints;
    },
    drained: () => sink.drained(),
    end: () => sink.end(),
    cut: () => sink.cut(),
    onClose: (callback) =>
      sink.onClose(() => {
        callback();
        onEnd();
      }),
  };
}
