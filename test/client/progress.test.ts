import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Progress } from '../../src/client/progress.ts';
import type { Scope } from '../../src/protocol/scope.ts';

const SCOPES: readonly Scope[] = ['player:1', 'contest:1', 'contest:2', 'global'];

describe('Progress', () => {
  it('hands each notification on once, whatever streams take over from each other, from wherever', () => {
    const log = fc.array(fc.constantFrom(...SCOPES), { minLength: 1, maxLength: 60 });
    const streams = fc.array(
      fc.record({
        // How far back before the resume cursor it begins, and how many rows it brings before the next takes over.
        back: fc.nat(5),
        length: fc.nat(15),
        scopes: fc.subarray([...SCOPES], { minLength: 1 }),
        reload: fc.boolean(),
      }),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(log, streams, (rows, plan) => {
        let progress = new Progress();
        const taken = new Set<number>();
        /** For each scope that is listened to: since which position. */
        const listening = new Map<Scope, number>();
        /** How far the reader ever was while it listened to a scope. */
        const reached = new Map<Scope, number>();
        for (const { back, length, scopes, reload } of plan) {
          const at = Number(progress.cursor?.split('-')[0] ?? 0);
          const from = Math.max(0, at - back);
          // A scope that is let go and taken up again goes on from there, or from where the stream begins.
          for (const scope of listening.keys()) reached.set(scope, Math.max(at, reached.get(scope) ?? 0));
          for (const scope of SCOPES)
            if (!scopes.includes(scope)) listening.delete(scope);
            else if (!listening.has(scope)) listening.set(scope, Math.max(from, reached.get(scope) ?? 0));
          progress.begin(scopes, `${from}-test`);
          let sent = 0;
          for (let id = from + 1; id <= rows.length && sent < length; id++) {
            const scope = rows[id - 1] as Scope;
            if (!listening.has(scope)) continue;
            sent++;
            if (!progress.take(scope, id)) continue;
            expect(taken.has(id)).toBe(false);
            taken.add(id);
          }
          const through = Number(progress.cursor?.split('-')[0]);
          for (let id = 1; id <= through; id++) {
            const since = listening.get(rows[id - 1] as Scope);
            if (since !== undefined && id > since) expect(taken.has(id)).toBe(true);
          }
          if (!reload) continue;
          const kept = progress.keep();
          progress = new Progress();
          if (kept) progress.restore(JSON.parse(JSON.stringify(kept)));
        }
      }),
    );
  });

  it('does not repeat for a scope that was let go and taken up again', () => {
    const progress = new Progress();
    progress.begin(['player:1', 'contest:1'], '10-test');
    expect(progress.take('contest:1', 14)).toBe(true);
    // For tabs that stand further back, each time.
    progress.begin(['player:1'], '12-test');
    expect(progress.take('player:1', 20)).toBe(true);
    progress.begin(['player:1', 'contest:1'], '12-test');
    expect(progress.take('contest:1', 14)).toBe(false);
    expect(progress.take('contest:1', 15)).toBe(true);
  });

  it('does not repeat for a scope that stays what an older stream had already brought', () => {
    const progress = new Progress();
    progress.begin(['player:1'], '10-test');
    expect([11, 12, 14].map((id) => progress.take('player:1', id))).toEqual([true, true, true]);
    // Asked for at 11, when contest:1 was added; it begins when 14 was here.
    progress.begin(['player:1', 'contest:1'], '11-test');
    expect(progress.cursor).toBe('11-test');
    expect(progress.take('player:1', 12)).toBe(false);
    expect(progress.take('contest:1', 13)).toBe(true);
    expect(progress.take('player:1', 14)).toBe(false);
    expect(progress.take('player:1', 15)).toBe(true);
    expect(progress.cursor).toBe('15-test');
  });

  it('never takes what lies at or below its position', () => {
    const progress = new Progress();
    progress.begin(['global'], '5-test');
    expect(progress.take('global', 5)).toBe(false);
    expect(progress.take('global', 6)).toBe(true);
    expect(progress.take('global', 6)).toBe(false);
    progress.move(9);
    expect(progress.take('global', 8)).toBe(false);
  });

  it('keeps the last cursor as it was sent, and takes a new term for the same log', () => {
    const progress = new Progress();
    progress.begin(['global'], '5-aaaa', { recovered: true });
    expect(progress.take('global', 6, '6-bbbb')).toBe(true);
    expect(progress.cursor).toBe('6-bbbb');
    progress.begin(['global'], '6-cccc', { recovered: true, requested: '6-bbbb' });
    expect(progress.take('global', 6, '6-bbbb')).toBe(false);
    expect(progress.take('global', 7, '7-cccc')).toBe(true);
    expect(progress.cursor).toBe('7-cccc');
  });

  it('takes positions again that were refused, and no others', () => {
    const progress = new Progress();
    progress.begin(['global', 'player:1'], '5-aaaa', { recovered: true });
    for (const id of [6, 7, 8]) progress.take('global', id, `${id}-aaaa`);
    const lost = { after: 6, through: 8 };
    progress.begin(['global', 'player:1'], '6-aaaa', { recovered: false, lost, requested: '8-aaaa' });
    expect([6, 7, 8].map((id) => progress.take('global', id, `${id}-bbbb`))).toEqual([false, true, true]);
  });

  it('sees that the cursor of another tab proved nothing for its own', () => {
    const progress = new Progress();
    progress.begin(['global'], '5-aaaa', { recovered: true });
    for (const id of [6, 7, 8]) progress.take('global', id, `${id}-aaaa`);
    // Another tab is at 6, which both logs have; what was 7 and 8 here is something else now.
    expect(progress.begin(['global'], '6-aaaa', { recovered: true, requested: '6-aaaa' })).toBe(false);
    expect(progress.contradicts('7-bbbb')).toBe(true);
    expect(progress.take('global', 7, '7-bbbb')).toBe(true);
    expect(progress.contradicts('8-bbbb')).toBe(false);
  });

  it('begins anew in another life of the log', () => {
    const progress = new Progress();
    progress.begin(['global'], '50-old0');
    expect(progress.take('global', 51)).toBe(true);
    progress.begin(['global'], '3-new0');
    expect(progress.take('global', 4)).toBe(true);
    expect(progress.cursor).toBe('4-new0');
  });
});
