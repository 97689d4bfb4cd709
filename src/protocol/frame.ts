/** One message of an event stream. `data` is already text: usually JSON, which holds no line break of its own. */
export interface Frame {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
const ID = /^[\x21-\x39\x3b-\x7e]{1,128}$/;
const LINE_BREAK = /\r\n|\r|\n/;

/**
 * Writes a frame as `text/event-stream` (HTML § 9.2.6). Line breaks in `data` become further `data:` lines, which a
 * reader joins with LF; `event` and `id` are checked, since a line break there would forge a frame.
 * A space always follows the colon: a reader strips exactly one, so data that begins with a space survives.
 * @throws TypeError when `event` or `id` is not a plain ASCII token, or `data` is empty (a reader would drop the frame)
 */
export function encodeFrame(frame: Frame): string {
  return `${encodeHead(frame)}${encodeData(frame.data)}`;
}

/** The lines of a frame before its data, for data that many frames share. @throws TypeError as `encodeFrame` */
export function encodeHead(frame: Omit<Frame, 'data'>): string {
  if (!NAME.test(frame.event)) throw new TypeError('event name is not a plain token');
  if (!ID.test(frame.id)) throw new TypeError('frame id is not a plain token');
  return `id: ${frame.id}\nevent: ${frame.event}\n`;
}

/** The lines of a frame's data, and its end. @throws TypeError when it is empty (a reader would drop the frame) */
export function encodeData(text: string): string {
  if (text === '') throw new TypeError('a frame without data is never dispatched');
  const data = LINE_BREAK.test(text) ? text.split(LINE_BREAK).join('\ndata: ') : text;
  return `data: ${data}\n\n`;
}

/** Writes a comment (HTML § 9.2.6): ignored by readers, keeps the connection and its proxies awake. */
export function encodeComment(text: string): string {
  if (!/^[\x20-\x7e]*$/.test(text)) throw new TypeError('a comment is one line of plain ASCII');
  return `: ${text}\n\n`;
}

/** Sets the reader's reconnection time. `milliseconds`: 0 … 2^31 − 1, whole. */
export function encodeRetry(milliseconds: number): string {
  if (!Number.isInteger(milliseconds) || milliseconds < 0 || milliseconds > 2 ** 31 - 1)
    throw new TypeError('retry is a whole number of milliseconds');
  return `retry: ${milliseconds}\n`;
}
