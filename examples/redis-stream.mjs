// Publishing through a Redis stream: for bursts above what the database commits, and for programs that have Redis and no HTTP.
// `codecraft-live ingest` publishes the entries. Run this with REDIS_URL set. `test/cli/ingest.test.ts` runs this file.
import { createClient } from 'redis';

const client = createClient({ url: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379' });
await client.connect();

/** One entry: an event's type, its data as JSON, and a key, where the program may add the same event twice. */
function entry(playerId, points) {
  return {
    type: 'PROBLEM_SOLVED',
    data: JSON.stringify({ playerId, problemId: 5, points }),
    idempotencyKey: `solved:${playerId}:5`,
  };
}

const players = (process.env.PLAYERS ?? '7').split(',').map(Number);
// What is sent in one turn is one round trip.
await Promise.all(players.map((playerId) => client.xAdd('live:events', '*', entry(playerId, 100))));
await client.close();
