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
		-- Not an event: whoever moves the outbox on tells the player's streams that their receipts changed.
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
--> statement-breakpoint
DROP PROCEDURE IF EXISTS `live_disconnect_session`;
--> statement-breakpoint
-- Ends a session. The stream of a node is closed by that node within moments, which then writes down that it is closed.
-- A command is never as old as the one before it: the node clears exactly the one that it has obeyed.
CREATE PROCEDURE `live_disconnect_session`(
	IN p_stream_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
)
MODIFIES SQL DATA
SQL SECURITY INVOKER
BEGIN
	DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
	UPDATE `stream_session`
	SET `disconnected_at` = v_now, `close_reason` = 'gone'
	WHERE `stream_id` = p_stream_id AND `node_id` = 'sql' AND `disconnected_at` IS NULL;
	UPDATE `stream_session`
	SET
		`close_requested` = 'disconnected',
		`commanded_at` = GREATEST(v_now, COALESCE(`commanded_at` + INTERVAL 1000 MICROSECOND, v_now))
	WHERE `stream_id` = p_stream_id AND `node_id` <> 'sql' AND `disconnected_at` IS NULL;
END;
--> statement-breakpoint
DROP PROCEDURE IF EXISTS `sp_log_activity`;
--> statement-breakpoint
-- The Socket.IO generation's name for it. LAST_INSERT_ID() is then the line's id.
CREATE PROCEDURE `sp_log_activity`(
	IN p_player_id BIGINT,
	IN p_action_type VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
	IN p_contest_id BIGINT,
	IN p_problem_id BIGINT,
	IN p_old_value LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
	IN p_new_value LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
)
MODIFIES SQL DATA
SQL SECURITY INVOKER
BEGIN
	CALL `live_log_activity`(p_player_id, p_action_type, p_contest_id, p_problem_id, p_old_value, p_new_value);
END;
--> statement-breakpoint
DROP PROCEDURE IF EXISTS `sp_create_notification`;
--> statement-breakpoint
-- Tells one player something, with a type of the Socket.IO generation. Where type and data make an event of today, that
-- event is published, named for what happened, so that whoever else tells of it does not double it; the event's own
-- title and message are shown then. Anything else is an announcement to the player, with this title and message. A
-- change of rank in a frozen contest stays with the player. The CASTs: in MariaDB's JSON_OBJECT a variable is a string.
CREATE PROCEDURE `sp_create_notification`(
	IN p_player_id BIGINT,
	IN p_type VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
	IN p_title LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
	IN p_message LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
	IN p_data LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
)
MODIFIES SQL DATA
SQL SECURITY INVOKER
notify: BEGIN
	DECLARE v_player BIGINT DEFAULT NULL;
	DECLARE v_title LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci DEFAULT COALESCE(NULLIF(p_title, ''), 'Notification');
	DECLARE v_message LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci DEFAULT COALESCE(NULLIF(p_message, ''), v_title);
	DECLARE v_slug, v_name, v_text LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL;
	DECLARE v_contest, v_from, v_to BIGINT DEFAULT NULL;
	DECLARE v_open INT DEFAULT 0;
	IF COALESCE(p_type, '') NOT IN (
		'LEVEL_UP', 'RANK_CHANGE', 'CONTEST_START', 'LEADERBOARD_UPDATE', 'ACHIEVEMENT', 'ANNOUNCEMENT'
	) THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'sp_create_notification: there is no such type of notification';
	END IF;
	IF JSON_VALID(p_data) = 0 THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'sp_create_notification: the data is not JSON';
	END IF;
	SELECT MIN(`id`) INTO v_player FROM `player` WHERE `id` = p_player_id;
	IF v_player IS NULL THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'sp_create_notification: there is no such player';
	END IF;

	IF p_type = 'LEVEL_UP'
		AND JSON_TYPE(JSON_EXTRACT(p_data, '$.oldLevel')) = 'INTEGER'
		AND JSON_TYPE(JSON_EXTRACT(p_data, '$.newLevel')) = 'INTEGER'
	THEN
		SET v_from = JSON_EXTRACT(p_data, '$.oldLevel'), v_to = JSON_EXTRACT(p_data, '$.newLevel');
		IF v_from BETWEEN 1 AND 1000 AND v_to BETWEEN 1 AND 1000 THEN
			CALL `live_publish`(
				'LEVEL_UP',
				JSON_OBJECT('playerId', CAST(v_player AS SIGNED), 'oldLevel', CAST(v_from AS SIGNED), 'newLevel', CAST(v_to AS SIGNED)),
				CONCAT('level-up:', v_player, ':', v_to)
			);
			LEAVE notify;
		END IF;
	END IF;

	IF p_type = 'ACHIEVEMENT'
		AND JSON_TYPE(JSON_EXTRACT(p_data, '$.achievement')) = 'STRING'
		AND JSON_TYPE(JSON_EXTRACT(p_data, '$.name')) = 'STRING'
	THEN
		SET v_slug = JSON_UNQUOTE(JSON_EXTRACT(p_data, '$.achievement')),
			v_name = JSON_UNQUOTE(JSON_EXTRACT(p_data, '$.name'));
		IF JSON_TYPE(JSON_EXTRACT(p_data, '$.description')) = 'STRING' THEN
			SET v_text = JSON_UNQUOTE(JSON_EXTRACT(p_data, '$.description'));
		END IF;
		-- Half of the units that the event takes: each of these characters is one unit or two.
		IF CHAR_LENGTH(v_slug) BETWEEN 1 AND 64 AND NOT v_slug REGEXP '[^a-z0-9-]' AND v_slug NOT LIKE '-%'
			AND CHAR_LENGTH(v_name) BETWEEN 1 AND 50
		THEN
			CALL `live_publish`(
				'ACHIEVEMENT',
				IF(
					CHAR_LENGTH(v_text) BETWEEN 1 AND 250,
					JSON_OBJECT('playerId', CAST(v_player AS SIGNED), 'achievement', v_slug, 'name', v_name, 'description', v_text),
					JSON_OBJECT('playerId', CAST(v_player AS SIGNED), 'achievement', v_slug, 'name', v_name)
				),
				CONCAT('achievement:', v_player, ':', v_slug)
			);
			LEAVE notify;
		END IF;
	END IF;

	IF p_type = 'RANK_CHANGE'
		AND JSON_TYPE(JSON_EXTRACT(p_data, '$.contestId')) = 'INTEGER'
		AND JSON_TYPE(JSON_EXTRACT(p_data, '$.newRank')) = 'INTEGER'
		AND COALESCE(JSON_TYPE(JSON_EXTRACT(p_data, '$.oldRank')), 'NULL') IN ('INTEGER', 'NULL')
	THEN
		SET v_contest = JSON_EXTRACT(p_data, '$.contestId'), v_to = JSON_EXTRACT(p_data, '$.newRank');
		IF JSON_TYPE(JSON_EXTRACT(p_data, '$.oldRank')) = 'INTEGER' THEN
			SET v_from = JSON_EXTRACT(p_data, '$.oldRank');
		END IF;
		SELECT COUNT(*) INTO v_open FROM `contest` WHERE `id` = v_contest AND NOT `leaderboard_frozen`;
		IF v_open = 1 AND v_to BETWEEN 1 AND 9007199254740991 AND COALESCE(v_from, 1) BETWEEN 1 AND 9007199254740991 THEN
			CALL `live_publish`(
				'RANK_CHANGE',
				JSON_OBJECT('playerId', CAST(v_player AS SIGNED), 'contestId', CAST(v_contest AS SIGNED), 'oldRank', CAST(v_from AS SIGNED), 'newRank', CAST(v_to AS SIGNED)),
				NULL
			);
			LEAVE notify;
		END IF;
	END IF;

	-- An announcement's title has up to 255 UTF-16 units and its message up to 10,000; what is longer is cut.
	IF LENGTH(CONVERT(v_title USING utf16)) > 2 * 255 THEN
		SET v_title = CONCAT(LEFT(v_title, IF(LENGTH(CONVERT(v_title USING utf16)) = 2 * CHAR_LENGTH(v_title), 254, 127)), '…');
	END IF;
	IF LENGTH(CONVERT(v_message USING utf16)) > 2 * 10000 THEN
		SET v_message = CONCAT(LEFT(v_message, IF(LENGTH(CONVERT(v_message USING utf16)) = 2 * CHAR_LENGTH(v_message), 9999, 4999)), '…');
	END IF;
	CALL `live_create_notification`(v_player, v_title, v_message, 'INFO');
END;
--> statement-breakpoint
DROP PROCEDURE IF EXISTS `sp_register_websocket_session`;
--> statement-breakpoint
-- The Socket.IO generation's name for it; calling it again is the session's heartbeat. A session id that could be no
-- stream id is known by its hash.
CREATE PROCEDURE `sp_register_websocket_session`(
	IN p_player_id BIGINT,
	IN p_session_id VARCHAR(1024) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
)
MODIFIES SQL DATA
SQL SECURITY INVOKER
BEGIN
	CALL `live_register_session`(
		IF(LENGTH(p_session_id) = CHAR_LENGTH(p_session_id) AND LENGTH(p_session_id) <= 36, p_session_id, LEFT(SHA2(p_session_id, 256), 36)),
		p_player_id,
		NULL,
		NULL
	);
END;
--> statement-breakpoint
DROP PROCEDURE IF EXISTS `sp_disconnect_websocket_session`;
--> statement-breakpoint
-- The Socket.IO generation's name for it.
CREATE PROCEDURE `sp_disconnect_websocket_session`(
	IN p_session_id VARCHAR(1024) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
)
MODIFIES SQL DATA
SQL SECURITY INVOKER
BEGIN
	CALL `live_disconnect_session`(
		IF(LENGTH(p_session_id) = CHAR_LENGTH(p_session_id) AND LENGTH(p_session_id) <= 36, p_session_id, LEFT(SHA2(p_session_id, 256), 36))
	);
END;
--> statement-breakpoint
DROP PROCEDURE IF EXISTS `sp_get_unbroadcasted_activities`;
--> statement-breakpoint
-- The oldest lines of activity that were logged and not marked as published; 100 unless told otherwise. Their time is
-- the caller's, as NOW() is.
CREATE PROCEDURE `sp_get_unbroadcasted_activities`(
	IN p_limit INT
)
READS SQL DATA
SQL SECURITY INVOKER
BEGIN
	DECLARE v_limit INT DEFAULT GREATEST(COALESCE(p_limit, 100), 0);
	SELECT
		a.`id`,
		a.`player_id`,
		a.`action_type`,
		a.`contest_id`,
		a.`problem_id`,
		a.`old_value`,
		a.`new_value`,
		COALESCE(CONVERT_TZ(a.`timestamp`, '+00:00', @@session.time_zone), a.`timestamp`) AS `timestamp`,
		a.`is_broadcasted`
	FROM `activity_log` a
	WHERE a.`is_broadcasted` = 0
	ORDER BY a.`id`
	LIMIT v_limit;
END;
--> statement-breakpoint
DROP PROCEDURE IF EXISTS `sp_mark_activities_broadcasted`;
--> statement-breakpoint
-- Marks lines of activity as published. The ids are a JSON array or a list: `[1,2]` or `1,2`.
CREATE PROCEDURE `sp_mark_activities_broadcasted`(
	IN p_activity_ids LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
)
MODIFIES SQL DATA
SQL SECURITY INVOKER
BEGIN
	DECLARE v_ids LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
		DEFAULT REPLACE(REPLACE(REPLACE(REPLACE(p_activity_ids, ' ', ''), '"', ''), '[', ''), ']', '');
	IF v_ids REGEXP '[^0-9,]' THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'sp_mark_activities_broadcasted: the ids are [1,2] or 1,2';
	END IF;
	UPDATE `activity_log` SET `is_broadcasted` = 1 WHERE `is_broadcasted` = 0 AND FIND_IN_SET(`id`, v_ids) > 0;
END;
