/** What a reader of an event stream makes of one frame. */
export interface ReadEvent {
  readonly event: string;
  readonly data: string;
  readonly lastEventId: string;
}

export interface ReadStream {
  readonly events: ReadEvent[];
  readonly comments: string[];
  readonly retry: number | undefined;
}

/** HTML § 9.2.6, word for word, and slow: what an event stream means, independent of any client library. */
export function readEventStream(bytes: Uint8Array): ReadStream {
  const stream = new TextDecoder().decode(bytes);
  const lines = stream.split(/\r\n|\r|\n/);
  // A line counts only once its end has arrived.
  lines.pop();
  const events: ReadEvent[] = [];
  const comments: string[] = [];
  let retry: number | undefined;
  let data = '';
  let event = '';
  let id = '';
  for (const line of lines) {
    if (line === '') {
      if (data !== '') events.push({ event: event || 'message', data: data.slice(0, -1), lastEventId: id });
      data = '';
      event = '';
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (colon === 0) comments.push(value);
    else if (field === 'event') event = value;
    else if (field === 'data') data += `${value}\n`;
    else if (field === 'id' && !value.includes('\0')) id = value;
    else if (field === 'retry' && /^[0-9]+$/.test(value)) retry = Number(value);
  }
  return { events, comments, retry };
}
