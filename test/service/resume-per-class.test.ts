import { beforeAll, describe, expect, it } from 'vitest';
import type { KeepClass } from '../../src/db/schema.ts';
import { LeaderboardClient } from '../support/client/leaderboard-client.ts';
import { createContest, createPlayer, joinContest, type PlayerIds } from '../support/database/platform.ts';
import { deleteClass } from '../support/database/retention.ts';
import { note, prepareService } from '../support/service.ts';
import { until } from '../support/until.ts';
import { FAST } from '../support/wire/leaderboard-http.ts';

// Without a ring, replays come from the database.
describe.each(['0', '10000'])(
  'A stream that resumes after retention, with %s frames in the ring',
  (frames) => {
    const never = '600000';
    const live = prepareService({
      ...FAST,
      RING_FRAMES: frames,
      PRESENCE_INTERVAL_MS: never,
      GLOBAL_LEADERBOARD_INTERVAL_MS: never,
    });
    let player: PlayerIds;
    let token: string;
    let contestId: number;
    let cursor: string;
    let texts: string[];
    beforeAll(async () => {
      player = await createPlayer(live.test.database);
      token = await live.token(player.userId);
      contestId = await createContest(live.test.database);
      await joinContest(live.test.database, { contestId, playerId: player.playerId, finalRating: 10 });
      // Nothing of the contest is published after the texts: the last of them is the newest row.
      await until(async () => {
        const [listing] = await live.test.database.query(
          `SELECT 1 FROM contest_listing l JOIN contest c ON c.id = l.contest_id
            WHERE c.id = ? AND l.participant_count = c.participant_count`,
          [contestId],
        );
        return listing;
      });
      const leaderboard = await resume(`contest:${contestId}:leaderboard`, undefined);
      cursor = leaderboard.received[0]?.id as string;
      texts = [];
      for (let number = 0; number < 12; number++) {
        const [own, contest, all] = ['own', 'contest', 'all'].map((whose) => `${whose} ${number}`);
        const answer = await live.publish([
          note(player.playerId, own as string),
          { type: 'ANNOUNCEMENT', data: { title: contest, message: '-', contestId } },
          { type: 'ANNOUNCEMENT', data: { title: all, message: '-' } },
        ]);
        expect(answer.status).toBe(201);
        texts.push(own as string, contest as string, all as string);
      }
      await remove('nudge');
      await remove('leaderboard');
    });

    const remove = (keepClass: KeepClass) => deleteClass(live.test.database, keepClass);

    async function resume(scopes: string, from: string | undefined): Promise<LeaderboardClient> {
      const query = [
        ...scopes.split(' ').map((scope) => `scope=${scope}`),
        ...(from === undefined ? [] : [`lastEventId=${from}`]),
      ];
      const client = new LeaderboardClient(`${live.url}/streams?${query.join('&')}`, token);
      await client.connect();
      client.disconnect();
      return client;
    }

    /** The beginning of a stream. */
    async function openingText(scopes: string, from: string): Promise<string> {
      const query = scopes.split(' ').map((scope) => `scope=${scope}`);
      const response = await fetch(`${live.url}/streams?${query.join('&')}&lastEventId=${from}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      const reader = (response.body as ReadableStream<Uint8Array>).getReader();
      const { value } = await reader.read();
      await reader.cancel();
      return new TextDecoder().decode(value);
    }

    const titlesOf = (client: LeaderboardClient) => client.of('announcement').map(({ title }) => title);
    const openingOf = (client: LeaderboardClient) => client.received[0]?.data;

    it('gets every event of its other scopes beside a leaderboard, which begins with a snapshot', async () => {
      const both = `player:me contest:${contestId} contest:${contestId}:leaderboard`;
      for (const from of [cursor, 'earliest']) {
        const client = await resume(both, from);
        expect(openingOf(client)).toMatchObject({ recovered: true });
        expect(titlesOf(client)).toEqual(texts.filter((text) => !text.startsWith('all')));
        expect(client.leaderboard?.rows.size).toBe(1);
      }
    });

    it('says what is lost of one scope, and gets all that is kept of the others', async () => {
      await remove('global');
      // What a node knows of deletions is a moment old.
      await until(async () => (await openingText('player:me global', cursor)).includes('"recovered":false'));
      const client = await resume('player:me global', cursor);
      const after = Number.parseInt(cursor, 10);
      const [own] = client.received.filter(({ event }) => event === 'announcement');
      expect(openingOf(client)).toMatchObject({ recovered: false, lost: { after } });
      expect(Number.parseInt(own?.id ?? '', 10)).toBeGreaterThan(after);
      const owns = texts.filter((text) => text.startsWith('own'));
      expect(titlesOf(client)).toEqual(expect.arrayContaining(owns));
      // The newest row of the log is never deleted.
      expect(titlesOf(client).slice(-1)).toEqual(['all 11']);

      const earliest = await resume('player:me global', 'earliest');
      expect(openingOf(earliest)).toMatchObject({ recovered: true });
      expect(titlesOf(earliest)).toEqual(expect.arrayContaining(owns));
    });
  },
);
