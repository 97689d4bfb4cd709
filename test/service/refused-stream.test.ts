import { beforeAll, describe, expect, it, vi } from 'vitest';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { note, prepareService } from '../support/service.ts';
import { readEventStream } from '../support/wire/event-stream.ts';
import { listen } from '../support/wire/listener.ts';

describe('An EventSource that the service has no room for', () => {
  const live = prepareService({ MAX_STREAMS: '1' });
  let player: PlayerIds;
  let token: string;
  beforeAll(async () => {
    player = await createPlayer(live.test.database);
    token = await live.token(player.userId);
    expect((await live.publish(note(player.playerId, 'old'))).status).toBe(201);
  });

  const occupy = async () => {
    const occupant = listen(`${live.url}/streams/global`, token);
    await occupant.ready();
    return occupant;
  };

  it('is given the cursor back that it came with, and what is none as what is none', async () => {
    const occupant = await occupy();
    const present = (await (await fetch(`${live.url}/health`)).json()) as {
      follower: { epoch: string };
    };
    const { epoch } = present.follower;
    for (const [requested, given] of [
      [undefined, `1-${epoch}`],
      ['0', '0'],
      [`1-${epoch}`, `1-${epoch}`],
      ['7-zzzz', '7-zzzz'],
      ['earliest', 'earliest'],
      ['not a cursor', 'unknown'],
      [`1-${epoch}, 1-${epoch}`, 'unknown'],
    ]) {
      const response = await fetch(`${live.url}/streams/players/me`, {
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'text/event-stream',
          ...(requested === undefined ? {} : { 'last-event-id': requested }),
        },
      });
      expect(response.status).toBe(200);
      const { events } = readEventStream(await response.bytes());
      expect(events.map(({ event, lastEventId }) => [event, lastEventId])).toEqual([['stream-close', given]]);
    }
    occupant.close();
  });

  it('gets all that is kept once there is room, if that is what it asked for', async () => {
    const occupant = await occupy();
    const client = listen(`${live.url}/streams/players/me?lastEventId=earliest`, token);
    await vi.waitFor(() => expect(client.closed).toBeGreaterThan(0));
    occupant.close();
    await vi.waitFor(() => expect(client.received.map(({ title }) => title)).toEqual(['old']), {
      timeout: 20_000,
    });
    expect(client.opened.map(({ requested }) => requested)).toEqual(['earliest']);
    client.close();
  });
});
