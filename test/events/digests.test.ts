import { describe, expect, it } from 'vitest';
import type { EventUnit } from '../../src/events/draft.ts';
import { createLogPublisher, unitsOf } from '../../src/events/log-publisher.ts';
import type { Unit } from '../../src/log/append-statement.ts';

const NOTHING = {
  frozen: new Set<number>(),
  over: new Set<number>(),
  private: new Set<number>(),
  held: new Map(),
};

describe('A publisher of the relay', () => {
  /** Publishes, and returns the rows as `TYPE scope`, with the units as they were appended. */
  async function publish(units: readonly EventUnit[], held: ReadonlyMap<number, number> = new Map()) {
    const appended: Unit[] = [];
    const publisher = createLogPublisher({
      append: async (given) => {
        appended.push(...given);
        let next = 1;
        return given.map((unit) => {
          const firstId = next;
          next += unit.drafts.reduce((sum, { rows }) => sum + rows.length, 0);
          return { firstId, duplicate: false, term: 'k7f2' } as never;
        });
      },
      restrictions: async () => ({ ...NOTHING, held }),
    });
    const published = await publisher.publishUnits(units, { conflates: true });
    const rows = appended.flatMap(({ drafts }) =>
      drafts.flatMap(({ type, rows }) =>
        rows.map(({ scope, inbox }) => ({ what: `${type} ${scope}`, inbox })),
      ),
    );
    const digests = appended.flatMap(({ drafts }) => drafts.filter(({ type }) => type === 'DIGEST'));
    return { published, appended, rows, digests: digests.map(({ data }) => JSON.parse(data)) };
  }

  const levelUps = (count: number) =>
    unitsOf(
      Array.from({ length: count }, (_, index) => ({
        type: 'LEVEL_UP',
        data: { playerId: index + 1, playerName: `P${index + 1}`, oldLevel: 1, newLevel: 2 },
        idempotencyKey: `key-${index}`,
      })),
    );
  const solves = (count: number, first: number) =>
    unitsOf(
      Array.from({ length: count }, (_, index) => ({
        type: 'PROBLEM_SOLVED',
        data: { playerId: index + 1, problemId: 5, contestId: 3, first: index < first },
      })),
    );

  it('conflates a rush for everybody, and loses nothing for the players', async () => {
    const { rows, digests, published, appended } = await publish(levelUps(200));
    expect(rows.filter(({ what }) => what.endsWith(' global'))).toEqual([
      { what: 'DIGEST global', inbox: false },
    ]);
    expect(rows.filter(({ inbox }) => inbox).map(({ what }) => what)).toEqual(
      Array.from({ length: 200 }, (_, index) => `LEVEL_UP player:${index + 1}`),
    );
    expect(digests).toEqual([
      {
        count: 200,
        events: Array.from({ length: 10 }, (_, index) => ({
          type: 'LEVEL_UP',
          playerId: index + 1,
          playerName: `P${index + 1}`,
          message: `P${index + 1} reached level 2`,
        })),
      },
    ]);
    expect(published).toHaveLength(200);
    // A repeat is answered with the scopes that the event went to.
    expect(appended[0]?.keys?.[0]?.answer).toBe('[["player:1"]]');
  });

  it('sends ten and fewer to everybody one by one', async () => {
    const { rows, digests } = await publish(levelUps(10));
    expect(rows.filter(({ what }) => what === 'LEVEL_UP global')).toHaveLength(10);
    expect(digests).toEqual([]);
  });

  it('conflates the solves of a contest, but not the first ones', async () => {
    const { rows, digests } = await publish(solves(30, 2));
    expect(rows.filter(({ what }) => what === 'PROBLEM_SOLVED contest:3')).toHaveLength(2);
    expect(rows.filter(({ what }) => what === 'PROBLEM_SOLVED problem:5')).toHaveLength(30);
    expect(digests).toMatchObject([{ contestId: 3, count: 28 }]);
  });

  it('names nobody whom a frozen contest hides', async () => {
    const hidden = new Map(Array.from({ length: 5 }, (_, index) => [index + 1, 3] as const));
    const { digests } = await publish(levelUps(20), hidden);
    expect(digests).toMatchObject([{ count: 15 }]);
    expect(digests[0].events.map(({ playerId }: { playerId: number }) => playerId)).not.toContain(1);
  });
});
