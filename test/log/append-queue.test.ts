import { describe, expect, it, vi } from 'vitest';
import { AppendQueue } from '../../src/log/append-queue.ts';
import type { PendingAppend } from '../../src/log/attempt.ts';

interface Shape {
  readonly bytes?: number;
  readonly rows?: number;
  readonly deadline?: number;
  readonly key?: string;
}

function submission({ bytes = 100, rows = 1, deadline = 1_000, key }: Shape = {}): PendingAppend {
  const keys = key === undefined ? [] : [{ value: key, fingerprint: Buffer.alloc(32), keepMs: 1 }];
  return {
    units: [{ drafts: [], keys }],
    bytes,
    rows,
    deadline,
    expired: false,
    answers: [],
    resolve: () => {},
    reject: () => {},
  };
}

const MIB = 1024 * 1024;

describe('the queue of appends', () => {
  it('gives all that waits as one batch, in order of arrival', () => {
    const queue = new AppendQueue(MIB);
    const sent = [submission(), submission(), submission()];
    for (const one of sent) queue.push(one);
    expect(queue.takeBatch(0)).toEqual(sent);
    expect(queue.isEmpty).toBe(true);
  });

  it('ends a batch before 500 rows or 256 KiB are exceeded, but never sends less than one call', () => {
    const queue = new AppendQueue(64 * MIB);
    const rows = [submission({ rows: 400 }), submission({ rows: 100 }), submission({ rows: 1 })];
    for (const one of rows) queue.push(one);
    expect(queue.takeBatch(0)).toEqual(rows.slice(0, 2));
    expect(queue.takeBatch(0)).toEqual(rows.slice(2));
    const large = [submission({ bytes: 5 * MIB }), submission({ bytes: 1 })];
    for (const one of large) queue.push(one);
    expect(queue.takeBatch(0)).toEqual(large.slice(0, 1));
    expect(queue.takeBatch(0)).toEqual(large.slice(1));
  });

  it('takes half of many calls, and then what waited while that half was under way', () => {
    const queue = new AppendQueue(MIB);
    const few = Array.from({ length: 128 }, () => submission());
    for (const one of few) queue.push(one);
    expect(queue.takeBatch(0)).toEqual(few);
    for (const one of few) queue.release(one);
    const calls = Array.from({ length: 400 }, () => submission());
    for (const one of calls) queue.push(one);
    expect(queue.takeBatch(0)).toEqual(calls.slice(0, 200));
    expect(queue.takeBatch(0)).toEqual(calls.slice(200));
    expect(queue.isEmpty).toBe(true);
  });

  it('leaves a key that is in the batch already to the next one, before later calls', () => {
    const queue = new AppendQueue(MIB);
    const [first, repeat, other] = [submission({ key: 'a' }), submission({ key: 'a' }), submission()];
    for (const one of [first, repeat, other]) queue.push(one);
    expect(queue.takeBatch(0)).toEqual([first, other]);
    const last = submission();
    queue.push(last);
    expect(queue.takeBatch(0)).toEqual([repeat, last]);
  });

  it('drops what expired, also where its timer has not fired yet', () => {
    const queue = new AppendQueue(MIB);
    const [due, expired, waiting] = [submission({ deadline: 5 }), submission(), submission()];
    for (const one of [due, expired, waiting]) queue.push(one);
    expired.expired = true;
    expect(queue.takeBatch(5)).toEqual([waiting]);
  });

  it('refuses calls beyond its bytes until those of earlier calls are released or expired', () => {
    const queue = new AppendQueue(1_000);
    const first = submission({ bytes: 600 });
    queue.push(first);
    expect(queue.refusal(400)).toBeUndefined();
    expect(queue.refusal(401)?.code).toBe('overloaded');
    queue.takeBatch(0);
    expect(queue.refusal(401)?.code).toBe('overloaded');
    queue.release(first);
    queue.release(first);
    expect(queue.refusal(1_000)).toBeUndefined();
    const late = vi.fn();
    queue.push({ ...submission({ bytes: 600, deadline: 1 }), reject: late });
    expect(queue.takeBatch(1)).toEqual([]);
    expect(late).toHaveBeenCalledOnce();
    expect(queue.refusal(1_000)).toBeUndefined();
  });

  it('admits a single call above its bytes, up to 6 MiB', () => {
    const queue = new AppendQueue(1_000);
    expect(queue.refusal(6 * MIB)).toBeUndefined();
    expect(queue.refusal(6 * MIB + 1)?.code).toBe('body-too-large');
  });
});
