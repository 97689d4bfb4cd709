import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeComment, encodeFrame, encodeRetry } from '../../src/protocol/frame.ts';
import { anyText } from '../support/arbitrary.ts';
import { readEventStream } from '../support/wire/event-stream.ts';

const read = (...frames: string[]) => readEventStream(Buffer.from(frames.join('')));
const nonEmpty = anyText().filter((text) => text !== '');
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/);
const token = fc.stringMatching(/^[!-9;-~]{1,128}$/);

/** What can arrive of a text: line breaks have one form in an event stream, and UTF-8 has no half surrogate pairs. */
const asReceived = (text: string) => text.replace(/\r\n|\r/g, '\n').toWellFormed();

describe('what is read is what was written', () => {
  test('of raw text, with its line breaks as LF', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ id: token, event: name, data: nonEmpty }), { minLength: 1 }),
        (frames) => {
          expect(read(...frames.map(encodeFrame)).events).toEqual(
            frames.map(({ id, event, data }) => ({ lastEventId: id, event, data: asReceived(data) })),
          );
        },
      ),
      { numRuns: 500 },
    );
  });

  test('of JSON, exactly', () => {
    const value = fc.jsonValue({
      stringUnit: fc.integer({ min: 0, max: 0xffff }).map((u) => String.fromCharCode(u)),
    });
    fc.assert(
      fc.property(name, token, fc.oneof(value, anyText()), (event, id, value) => {
        const [received] = read(encodeFrame({ event, id, data: JSON.stringify(value) })).events;
        expect(received).toMatchObject({ event, lastEventId: id });
        // A JSON text has no -0.
        expect(JSON.parse(received?.data ?? '')).toEqual(JSON.parse(JSON.stringify(value)));
        expect(received?.data).toBe(JSON.stringify(value));
      }),
      { numRuns: 500 },
    );
  });

  test('of a mebibyte', () => {
    for (const data of ['x'.repeat(1 << 20), '😀'.repeat(1 << 18), '\n'.repeat(1 << 20), ' '.repeat(1 << 20)])
      expect(read(encodeFrame({ id: '1-k7f2', event: 'big', data })).events[0]?.data).toBe(data);
  });

  test('of comments and the reconnection time, which disturb no frame', () => {
    const comment = fc.stringMatching(/^[ -~]{0,80}$/);
    fc.assert(
      fc.property(
        fc.array(comment),
        fc.integer({ min: 0, max: 2 ** 31 - 1 }),
        nonEmpty,
        (comments, ms, data) => {
          const frame = encodeFrame({ id: '1', event: 'e', data });
          const stream = read(encodeRetry(ms), frame, ...comments.map(encodeComment), frame);
          expect(stream.retry).toBe(ms);
          expect(stream.comments).toEqual(comments);
          expect(stream.events.map((event) => event.data)).toEqual([asReceived(data), asReceived(data)]);
        },
      ),
    );
  });
});

describe('nothing can forge a frame', () => {
  test('one frame written is one event read, whatever its data', () => {
    fc.assert(
      fc.property(nonEmpty, (data) => {
        const { events, comments, retry } = read(encodeFrame({ id: '7', event: 'real', data }));
        expect(events).toEqual([{ event: 'real', lastEventId: '7', data: asReceived(data) }]);
        expect(comments).toEqual([]);
        expect(retry).toBeUndefined();
      }),
      { numRuns: 1_000 },
    );
  });

  test('a name or an id is refused unless it is a plain token', () => {
    fc.assert(
      fc.property(anyText(140), fc.constantFrom('id', 'event'), (text, field) => {
        const frame = { id: '1', event: 'e', data: 'x', [field]: text };
        const plain = field === 'id' ? /^[\x21-\x39\x3b-\x7e]{1,128}$/ : /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
        if (plain.test(text) && !text.endsWith('\n')) encodeFrame(frame);
        else expect(() => encodeFrame(frame)).toThrow(TypeError);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each(['', ' ', 'a b', 'a\n', '\na', 'a\r', 'a\0', 'a\u2028', 'é', 'a'.repeat(65), '1a', '-a', 'a:b'])(
    'an event cannot be named %j',
    (event) =>
      expect(() => encodeFrame({ id: '1', event, data: 'x' })).toThrow(
        new TypeError('event name is not a plain token'),
      ),
  );

  test.each(['', ' ', '1 ', '1\n', '1\r\n', '\r1', '1\0', '1:2', 'é', '1\u2028', '1\x7f', '1'.repeat(129)])(
    'a frame cannot have the id %j',
    (id) =>
      expect(() => encodeFrame({ id, event: 'e', data: 'x' })).toThrow(
        new TypeError('frame id is not a plain token'),
      ),
  );

  test('a frame without data is refused, since no reader would see it', () => {
    expect(() => encodeFrame({ id: '1', event: 'e', data: '' })).toThrow(
      new TypeError('a frame without data is never dispatched'),
    );
  });

  test('a comment of several lines is refused', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        if (/^[\x20-\x7e]*$/.test(text)) expect(read(encodeComment(text)).comments).toEqual([text]);
        else expect(() => encodeComment(text)).toThrow(new TypeError('a comment is one line of plain ASCII'));
      }),
      { numRuns: 500 },
    );
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '1\ndata: x' as unknown as number])(
    'a reconnection time of %j is refused',
    (ms) => expect(() => encodeRetry(ms)).toThrow(new TypeError('retry is a whole number of milliseconds')),
  );

  test.each([0, 2 ** 31 - 1])('a reconnection time of %d ms is not', (ms) => {
    expect(read(encodeRetry(ms)).retry).toBe(ms);
  });
});
