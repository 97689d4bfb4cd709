import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KeptProgress, Progress } from '../../src/client/progress.ts';
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
          // A scope that is removed and added again goes on from there, or from where the stream begins.
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

  it('does not repeat for a scope that was removed and added again', () => {
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

/** At 8, on a scope of its own and on one that other readers share. */
function at8(): Progress {
  const progress = new Progress();
  progress.begin(['global', 'player:1'], '5-aaaa', { recovered: true });
  for (const id of [6, 7, 8]) progress.take('global', id, `${id}-aaaa`);
  return progress;
}
const BOTH = ['global', 'player:1'] as const;
/** The cursor of another tab, for which the service answered. */
const foreign = (id: number, term = 'aaaa') => ({ recovered: true, requested: `${id}-${term}` });

describe('The begin of a stream', () => {
  it('is passed over where its cursor is malformed', () => {
    const progress = at8();
    expect(progress.begin(['contest:1'], 'nonsense')).toBe(false);
    expect(progress.keep()).toEqual({ cursor: '8-aaaa', scopes: BOTH, floors: [] });
  });

  it('contradicts nothing where the reader has nothing, or is not ahead, or asked itself', () => {
    expect(new Progress().begin(BOTH, '5-bbbb', { recovered: true, requested: null })).toBe(false);
    expect(at8().begin(BOTH, '8-bbbb', foreign(8, 'bbbb'))).toBe(false);
    expect(at8().begin(BOTH, '9-bbbb', foreign(9, 'bbbb'))).toBe(false);
    const asked = at8();
    expect(asked.begin(BOTH, '6-bbbb', { recovered: true, requested: '8-aaaa' })).toBe(false);
    expect(asked.contradicts('7-cccc')).toBe(false);
  });

  it('contradicts a reader that is ahead in a log without the stream’s term', () => {
    const progress = at8();
    expect(progress.begin(BOTH, '6-bbbb', foreign(6, 'bbbb'))).toBe(true);
    expect(progress.take('global', 7, '7-bbbb')).toBe(true);
    expect(at8().begin(BOTH, '6', { recovered: true, requested: '6' })).toBe(false);
    expect(at8().begin(BOTH, '6-bbbb', { recovered: false, requested: '6-bbbb' })).toBe(false);
  });

  it('that lost rows repeats what is above them, and without a lower bound everything', () => {
    const above = at8();
    above.begin(BOTH, '4-bbbb', { recovered: false, lost: { after: 6, through: 8 } });
    expect([5, 6, 7].map((id) => above.take('global', id, `${id}-bbbb`))).toEqual([false, false, true]);
    for (const lost of [{ after: null, through: 8 }, undefined]) {
      const all = at8();
      all.begin(['global'], '4-bbbb', { recovered: false, ...(lost && { lost }) });
      expect(all.keep()?.floors).toEqual([]);
      expect(all.take('global', 5, '5-bbbb')).toBe(true);
    }
  });
});

describe('The cursor of a frame', () => {
  it('contradicts only a reader that another tab’s cursor left unproven', () => {
    expect(at8().contradicts('9-bbbb')).toBe(false);
    const level = at8();
    level.begin(BOTH, '9-aaaa', foreign(9));
    expect(level.contradicts('10-bbbb')).toBe(false);
    const lost = at8();
    lost.begin(BOTH, '6-aaaa', { recovered: false, requested: '6-aaaa' });
    expect(lost.contradicts('7-bbbb')).toBe(false);
  });

  it('contradicts until the reader’s own position is reached, and once', () => {
    const behind = at8();
    behind.begin(BOTH, '6-aaaa', foreign(6));
    expect(['nonsense', '7-aaaa', '8-bbbb'].map((cursor) => behind.contradicts(cursor))).toEqual([
      false,
      false,
      true,
    ]);
    const reached = at8();
    reached.begin(BOTH, '6-aaaa', foreign(6));
    expect(['8-aaaa', '9-bbbb'].map((cursor) => reached.contradicts(cursor))).toEqual([false, false]);
    const twice = at8();
    twice.begin(BOTH, '6-aaaa', foreign(6));
    expect(['7-bbbb', '8-cccc'].map((cursor) => twice.contradicts(cursor))).toEqual([true, false]);
  });

  it('repeats nothing where it contradicts nothing', () => {
    const progress = at8();
    progress.begin(BOTH, '6-aaaa', foreign(6));
    expect(progress.contradicts('7-aaaa')).toBe(false);
    expect(progress.take('global', 7, '7-aaaa')).toBe(false);
  });
});

describe('The terms of a reader', () => {
  /** Whether a stream of this term, begun for another tab, is of the reader's log. */
  const knows = (progress: Progress, term: string) => !progress.begin(BOTH, `1-${term}`, foreign(1, term));
  const word = (number: number) => `t${String(number).padStart(3, '0')}`;

  it('give a position that came without a cursor the latest one', () => {
    const bare = new Progress();
    expect(bare.take('global', 3)).toBe(true);
    expect(bare.cursor).toBe('3');
    for (const [id, term] of ['aaaa', 'bbbb', 'cccc', 'bbbb'].entries())
      bare.take('global', 4 + id, `${4 + id}-${term}`);
    bare.take('global', 8, '8');
    bare.take('global', 9, 'nonsense');
    bare.take('global', 10);
    expect(bare.cursor).toBe('10-bbbb');
  });

  it('are the sixteen latest, each counted once', () => {
    const cursorsOf = (terms: readonly string[]) => {
      const progress = new Progress();
      progress.begin(BOTH, '5-aaaa', { recovered: true });
      for (const [index, term] of terms.entries()) progress.move(6 + index, `${6 + index}-${term}`);
      return progress;
    };
    const words = (count: number) => Array.from({ length: count }, (_, number) => word(number));
    expect(knows(cursorsOf(words(15)), 'aaaa')).toBe(true);
    expect(knows(cursorsOf(words(16)), 'aaaa')).toBe(false);
    expect(knows(cursorsOf([...words(7), ...words(7), ...words(7)]), 'aaaa')).toBe(true);
  });
});

describe('What is kept of a reader', () => {
  it('is nothing before its first stream, and no floor that its position reached', () => {
    expect(new Progress().keep()).toBeUndefined();
    const moved = new Progress();
    moved.move(5, '5-aaaa');
    expect(moved.keep()).toEqual({ cursor: '5-aaaa', scopes: [], floors: [] });
    const progress = at8();
    progress.begin(BOTH, '6-aaaa', foreign(6));
    progress.move(7);
    expect(progress.keep()?.floors).toEqual([
      ['global', 8],
      ['player:1', 8],
    ]);
    progress.move(8);
    expect(progress.keep()?.floors).toEqual([]);
  });

  it('never goes back', () => {
    const progress = at8();
    progress.move(7, '7-bbbb');
    progress.move(8, '8-bbbb');
    expect(progress.cursor).toBe('8-aaaa');
  });

  it('is not restored where it is malformed', () => {
    const progress = new Progress();
    progress.restore({ cursor: 'nonsense', scopes: ['global'], floors: [] });
    const broken = { cursor: '5-aaaa', scopes: ['global'], floors: [7] } as unknown as KeptProgress;
    expect(() => progress.restore(broken)).toThrow(TypeError);
    expect(progress.keep()).toBeUndefined();
  });
});
