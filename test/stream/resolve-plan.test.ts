import { describe, expect, it } from 'vitest';
import type { Query } from '../../src/log/reader.ts';
import { Terms } from '../../src/log/terms.ts';
import { scopes } from '../../src/protocol/scope.ts';
import { createPlanner } from '../../src/stream/resolve-plan.ts';

const TERMS = new Terms([{ number: 1, word: 'aaaa', firstId: 1 }]);
const SCOPES = [scopes.player(1)];

/** A node at `position` of a log at `head`, with rows up to `lastRow`; `hinted` is the position that hints asked it to read up to. */
function node(log: { position: number; head: number; lastRow?: number; arrives?: boolean }) {
  const { position, head, lastRow = head, arrives = true } = log;
  const hinted: number[] = [];
  let refreshed = 0;
  const follower = {
    position,
    terms: TERMS,
    hint(to: number) {
      hinted.push(to);
      if (arrives) setTimeout(() => Object.assign(follower, { position: to }), 20);
    },
    async refresh() {
      refreshed++;
    },
  };
  const query = (async (sql: string) => {
    if (sql.includes('MAX(id)')) return [{ last: lastRow }];
    if (sql.includes('log_tail')) return ['player', 'nudge'].map((keepClass) => ({ keepClass, tail: 1 }));
    return [{ head, epoch: 'aaaa', term: 'aaaa', tag: 't', taggedHead: head }];
  }) as unknown as Query;
  const prepare = createPlanner({ follower, query });
  const plan = async (...asked: Parameters<typeof prepare>) => (await prepare(...asked))();
  return { plan, prepare, follower, hinted, refreshed: () => refreshed };
}

describe('The plan of a stream', () => {
  it('asks the database nothing about a cursor that this node has reached', async () => {
    const { plan, hinted, refreshed } = node({ position: 9, head: 20 });
    expect(await plan('9-aaaa', SCOPES, undefined)).toMatchObject({ from: 9, recovered: true });
    expect([hinted, refreshed()]).toEqual([[], 0]);
  });

  it('waits for a cursor that another node issued, instead of calling it unknown', async () => {
    const { plan, hinted } = node({ position: 9, head: 20 });
    expect(await plan('15-aaaa', SCOPES, undefined)).toMatchObject({ from: 15, recovered: true });
    expect(hinted).toEqual([20]);
  });

  it('plans nothing below a cursor that the log confirms and this node does not reach: the client tries again', async () => {
    const { plan } = node({ position: 9, head: 20, arrives: false });
    await expect(plan('15-aaaa', SCOPES, undefined)).rejects.toMatchObject({ code: 'overloaded' });
  });

  it('calls no cursor lost while the log is not read: another node may have begun its term', async () => {
    const { plan, follower } = node({ position: 9, head: 20 });
    Object.assign(follower, { refresh: () => new Promise(() => {}) });
    await expect(plan('15-bbbb', SCOPES, undefined)).rejects.toMatchObject({ code: 'overloaded' });
    await expect(plan('9-bbbb', SCOPES, undefined)).rejects.toMatchObject({ code: 'overloaded' });
  });

  it('reports that a cursor beyond the head is lost, without waiting for it', async () => {
    const { plan, hinted } = node({ position: 20, head: 20 });
    expect(await plan('21-aaaa', SCOPES, undefined)).toMatchObject({
      from: 20,
      recovered: false,
      lost: { after: 20, through: 21 },
    });
    expect(hinted).toEqual([]);
  });

  it('waits for a cursor that the rows confirm, where the head alone was restored and is below it', async () => {
    const { plan, hinted } = node({ position: 9, head: 9, lastRow: 15 });
    expect(await plan('15-aaaa', SCOPES, undefined)).toMatchObject({ from: 15, recovered: true });
    expect(hinted).toEqual([15]);
  });

  it('is that of the log as it is when the stream opens, though the log was reset since it was prepared', async () => {
    const { prepare, follower } = node({ position: 20, head: 20 });
    const resume = await prepare('15-aaaa', SCOPES, undefined);
    const first = await prepare(undefined, SCOPES, undefined);
    const terms = TERMS.with({ number: 2, word: 'bbbb', firstId: 11 });
    Object.assign(follower, { position: 12, terms });
    expect(resume()).toMatchObject({ from: 10, recovered: false, lost: { after: 10, through: 15 } });
    expect(first()).toMatchObject({ from: 12 });
  });
});
