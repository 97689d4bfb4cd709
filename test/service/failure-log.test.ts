import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FailureLog } from '../../src/service/failure-log.ts';

let lines: [Record<string, unknown>, string][];
let failures: FailureLog;
beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  failures = new FailureLog({ error: (...line: unknown[]) => void lines.push(line as never) }, 60_000);
});
afterEach(() => {
  failures.close();
  vi.useRealTimers();
});
const report = (error: unknown, where = 'relay') =>
  failures.report('something failed', where, error, { where });

it('A failure is logged once a minute, and then how often it came again', () => {
  for (let round = 0; round < 945; round += 1) report(new Error(`connection ${round} was lost`));
  expect(lines.map(([, text]) => text)).toEqual(['something failed']);
  vi.advanceTimersByTime(60_000);
  expect(lines[1]).toEqual([{ where: 'relay', repeats: 944 }, 'something failed: the same 944 times more']);
  report(new Error('connection 1 was lost'));
  expect(lines).toHaveLength(3);
});

it('Another error, another cause and another place are failures of their own', () => {
  report(new Error('a'));
  report(new TypeError('a'));
  report(new Error('a', { cause: new Error('b') }));
  report(new Error('a'), 'GET /sessions/6f1c0e0a-1f5e-4c39-9d3f-0d4c4bb6a1f7');
  report(new Error('a'), 'GET /sessions/7f1c0e0a-1f5e-4c39-9d3f-0d4c4bb6a1f8');
  report('a string');
  expect(lines).toHaveLength(5);
});

it('What was counted is logged at the end, and failures without number hold no memory', () => {
  report(new Error('a'));
  report(new Error('a'));
  failures.close();
  expect(lines.at(-1)?.[1]).toBe('something failed: the same 1 times more');
  const letters = (at: number) =>
    String.fromCharCode(97 + (at % 26), 97 + (Math.floor(at / 26) % 26), 97 + Math.floor(at / 676));
  for (let at = 0; at < 2_000; at += 1) report(new Error(letters(at)));
  expect(vi.getTimerCount()).toBeLessThanOrEqual(500);
});
