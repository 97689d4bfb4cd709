-- Publishing from SQL. A row of the outbox becomes an event when its transaction commits, with the same checks as over
-- REST; a rollback publishes nothing. The third argument is the idempotency key. A natural key, as here, publishes the
-- event once, whatever else publishes it. `test/examples/sql.test.ts` runs this file for player @player.

-- In JSON_OBJECT, MariaDB turns a user variable into text; CAST makes it a number again. Columns and parameters need none.
START TRANSACTION;
UPDATE player SET streak_days = streak_days + 1 WHERE id = @player;
CALL live_publish(
  'ACHIEVEMENT',
  JSON_OBJECT('playerId', CAST(@player AS SIGNED), 'achievement', 'week-streak', 'name', 'Seven days in a row'),
  CONCAT('achievement:', @player, ':week-streak')
);
COMMIT;

-- Many at once, or from a trigger: an insert. The payload holds the fields that POST /events takes as `data`.
INSERT INTO event_outbox (type, payload, idempotency_key, created_at)
SELECT 'ANNOUNCEMENT',
  JSON_OBJECT('playerId', p.id, 'title', 'You made the cut', 'message', 'See you in the final.'),
  CONCAT('final:', p.id),
  UTC_TIMESTAMP(3)
FROM player p
WHERE p.id = @player;

-- What could not be published waits here with the reason. `codecraft-live outbox retry` tries it again.
SELECT id, type, error FROM event_outbox WHERE failed_at IS NOT NULL;
