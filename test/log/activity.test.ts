import { describe, expect, it } from 'vitest';
import { readActivity } from '../../src/log/activity.ts';
import { prepareDatabase } from '../support/database/database.ts';
import { createPlayer } from '../support/database/platform.ts';
import { openPlatformSession } from '../support/database/platform-session.ts';

describe('A player’s history', () => {
  const test = prepareDatabase();

  it('shows lines that were written by hand, as the Socket.IO generation’s SQL did, without a time', async () => {
    const { playerId } = await createPlayer(test.database);
    const platform = await openPlatformSession(test.url);
    await platform.run('CALL sp_log_activity(?, ?, NULL, NULL, NULL, ?)', [
      playerId,
      'LEVEL_UP',
      '{"level":2}',
    ]);
    await platform.run(
      "INSERT INTO activity_log (player_id, action_type, timestamp) VALUES (?, 'PROBLEM_SOLVED', '0000-00-00')",
      [playerId],
    );
    platform.close();
    expect(await readActivity(test.database, playerId, { before: undefined, limit: 10 })).toMatchObject([
      { action: 'PROBLEM_SOLVED', at: null },
      { action: 'LEVEL_UP', newValue: { level: 2 }, at: expect.stringMatching(/^\d{4}-.*Z$/) },
    ]);
  });
});
