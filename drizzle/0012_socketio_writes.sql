-- Writers of SQL may leave out the time.
ALTER TABLE `event_outbox` ALTER COLUMN `created_at` SET DEFAULT (UTC_TIMESTAMP(3));
--> statement-breakpoint
ALTER TABLE `activity_log` ALTER COLUMN `timestamp` SET DEFAULT (UTC_TIMESTAMP(3));
--> statement-breakpoint
-- The platform's Socket.IO layer inserts player, type, title, message and data. Such a row gets a negative id, outside of the
-- log, and is moved into the outbox. Later rows get lower ids.
ALTER TABLE `notification`
	ALTER COLUMN `id` SET DEFAULT (-1 - CAST(UUID_SHORT() & 9223372036854775807 AS SIGNED)),
	ALTER COLUMN `event_id` SET DEFAULT 0,
	ALTER COLUMN `scope` SET DEFAULT 'socketio',
	ALTER COLUMN `keep_class` SET DEFAULT 'nudge',
	ALTER COLUMN `inbox` SET DEFAULT 0,
	ALTER COLUMN `created_at` SET DEFAULT (UTC_TIMESTAMP(3));
--> statement-breakpoint
DROP PROCEDURE IF EXISTS `live_acknowledge`;
--> statement-breakpoint
-- What a player did with a notification of the own inbox: seen, read, unread, archive or unarchive. Repeating it changes
-- nothing. Whatever is archived has been read, and whatever is read has been seen. A change reaches the player's streams
-- once the caller's transaction commits.
CREATE PROCEDURE `live_acknowledge`(
	IN p_player_id BIGINT,
	IN p_notification_id BIGINT,
	IN p_action VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
)
MODIFIES SQL DATA
SQL SECURITY INVOKER
BEGIN
	DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
	DECLARE v_found INT DEFAULT 0;
	DECLARE v_seen DATETIME(3) DEFAULT NULL;
	DECLARE v_read DATETIME(3) DEFAULT NULL;
	DECLARE v_archived DATETIME(3) DEFAULT NULL;
	IF COALESCE(p_action, '') NOT IN ('seen', 'read', 'unread', 'archive', 'unarchive') THEN
		SIGNAL SQLSTATE '45000'
			SET MESSAGE_TEXT = 'live_acknowledge: the action is seen, read, unread, archive or unarchive';
	END IF;
	SELECT COUNT(*) INTO v_found
	FROM `notification` n
	WHERE n.`id` = p_notification_id AND n.`inbox` AND (
		n.`scope` = 'global'
		OR n.`scope` = CONCAT('player:', p_player_id)
		OR EXISTS (
			SELECT 1 FROM `contest_participant` cp
			WHERE cp.`player_id` = p_player_id AND n.`scope` = CONCAT('contest:', cp.`contest_id`)
		)
		OR EXISTS (
			SELECT 1 FROM `player` p JOIN `users` u ON u.`id` = p.`user_id`
			WHERE p.`id` = p_player_id
				AND n.`scope` = ELT(FIELD(u.`role`, 'PLAYER', 'ADMIN', 'COMPANY'), 'players', 'admins', 'companies')
		)
	);
	IF v_found = 0 THEN
		SIGNAL SQLSTATE '45000'
			SET MESSAGE_TEXT = 'live_acknowledge: this player has no such notification';
	END IF;
	-- MAX: one row, also where there is no receipt yet.
	SELECT MAX(`seen_at`), MAX(`read_at`), MAX(`archived_at`) INTO v_seen, v_read, v_archived
	FROM `notification_receipt`
	WHERE `player_id` = p_player_id AND `notification_id` = p_notification_id;
	INSERT INTO `notification_receipt` (`player_id`, `notification_id`, `seen_at`, `read_at`, `archived_at`)
	VALUES (
		p_player_id,
		p_notification_id,
		v_now,
		IF(p_action IN ('read', 'archive'), v_now, NULL),
		IF(p_action = 'archive', v_now, NULL)
	)
	ON DUPLICATE KEY UPDATE
		`seen_at` = COALESCE(`seen_at`, v_now),
		`read_at` = CASE
			WHEN p_action IN ('read', 'archive') THEN COALESCE(`read_at`, v_now)
			WHEN p_action = 'unread' THEN NULL
			ELSE `read_at`
		END,
		`archived_at` = CASE p_action
			WHEN 'archive' THEN COALESCE(`archived_at`, v_now)
			WHEN 'unarchive' THEN NULL
			ELSE `archived_at`
		END;
	IF v_seen IS NULL
		OR (p_action IN ('read', 'archive') AND v_read IS NULL)
		OR (p_action = 'unread' AND v_read IS NOT NULL)
		OR (p_action = 'archive' AND v_archived IS NULL)
		OR (p_action = 'unarchive' AND v_archived IS NOT NULL)
	THEN
		-- Not an event: the relay publishes to the player's streams that their receipts changed.
		INSERT INTO `event_outbox` (`type`, `payload`, `created_at`)
		VALUES (
			'RECEIPTS_TOUCHED',
			JSON_OBJECT(
				'playerId', CAST(p_player_id AS SIGNED),
				'action', CASE p_action WHEN 'archive' THEN 'archived' WHEN 'unarchive' THEN 'unarchived' ELSE p_action END,
				'id', CAST(p_notification_id AS SIGNED)
			),
			v_now
		);
	END IF;
END;
