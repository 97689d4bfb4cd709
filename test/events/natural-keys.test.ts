import { describe, expect, it } from 'vitest';
import { idempotencyKeyOf } from '../../src/events/idempotency-key.ts';
import { prepare } from '../../src/events/prepare.ts';
import { Problem } from '../../src/protocol/problem.ts';

const fingerprint = (key: string, data: object) =>
  idempotencyKeyOf(key, [
    prepare('LEVEL_UP', { playerId: 7, oldLevel: 11, newLevel: 12, ...data }),
  ]).fingerprint.toString('hex');

describe('A key that names what happened', () => {
  it('identifies it, whatever else is published of it', () => {
    expect(fingerprint('level-up:7:12', {})).toBe(
      fingerprint('level-up:7:12', { playerName: 'Ada', oldLevel: 10 }),
    );
  });

  it('identifies no other event of the type', () => {
    expect(fingerprint('level-up:7:13', {})).not.toBe(fingerprint('level-up:7:13', { xp: 1 }));
    expect(fingerprint('level-up:7:12', {})).not.toBe(fingerprint('level-up:7:12', { newLevel: 13 }));
    expect(fingerprint('mine', {})).not.toBe(fingerprint('mine', { xp: 1 }));
  });

  it('is printable ASCII of bounded length, or refused', () => {
    for (const key of ['', 'x'.repeat(129), 'é', 'a ', 'a\n'])
      expect(() => fingerprint(key, {})).toThrow(Problem);
  });
});
