-- Parameters are wider than the columns they go to: a caller whose sql_mode is not strict would have them cut to their
-- declared length without a word, while the columns, written under this mode, refuse what is too long.
DROP PROCEDURE IF EXISTS `live_publish`;
--> statement-breakpoint
-- Publishes an event when the caller's transaction commits, and nothing when it rolls back. With a key, a repeat is not
-- published again. What does not fit the event's type is set aside later, with the reason in `event_outbox`.`error`.
CREATE PROCEDURE `live_publish`(
	IN p_type VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
	IN p_payload LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
	IN p_idempotency_key VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
)
MODIFIES SQL DATA
SQL SECURITY INVOKER
BEGIN
	IF COALESCE(JSON_VALID(p_payload), 0) = 0 THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'live_publish: the payload is not JSON';
	END IF;
	INSERT INTO `event_outbox` (`type`, `payload`, `idempotency_key`, `created_at`)
	VALUES (p_type, p_payload, p_idempotency_key, UTC_TIMESTAMP(3));
END;
--> statement-breakpoint
DROP PROCEDURE IF EXISTS `live_log_activity`;
--> statement-breakpoint
-- Writes down what a player did, without publishing it.
CREATE PROCEDURE `live_log_activity`(
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
	INSERT INTO `activity_log` (`player_id`, `action_type`, `contest_id`, `problem_id`, `old_value`, `new_value`, `timestamp`)
	VALUES (p_player_id, p_action_type, p_contest_id, p_problem_id, p_old_value, p_new_value, UTC_TIMESTAMP(3));
END;
--> statement-breakpoint
DROP PROCEDURE IF EXISTS `live_create_notification`;
--> statement-breakpoint
-- Tells one player something: an ANNOUNCEMENT that reaches the inbox and the open streams once the transaction commits.
-- The severity is INFO, WARNING or SUCCESS; NULL means INFO. The CAST: in MariaDB's JSON_OBJECT a variable is a string.
CREATE PROCEDURE `live_create_notification`(
	IN p_player_id BIGINT,
	IN p_title LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
	IN p_message LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
	IN p_severity VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
)
MODIFIES SQL DATA
SQL SECURITY INVOKER
BEGIN
	INSERT INTO `event_outbox` (`type`, `payload`, `created_at`)
	VALUES (
		'ANNOUNCEMENT',
		JSON_OBJECT(
			'playerId', CAST(p_player_id AS SIGNED),
			'title', p_title,
			'message', p_message,
			'severity', COALESCE(p_severity, 'INFO')
		),
		UTC_TIMESTAMP(3)
	);
END;
--> statement-breakpoint
DROP PROCEDURE IF EXISTS `live_acknowledge`;
--> statement-breakpoint
-- What a player did with a notification of the own inbox: seen, read, unread, archive or unarchive. Repeating it changes
-- nothing. Whatever is read or archived has been seen.
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
	INSERT INTO `notification_receipt` (`player_id`, `notification_id`, `seen_at`, `read_at`, `archived_at`)
	VALUES (
		p_player_id,
		p_notification_id,
		v_now,
		IF(p_action = 'read', v_now, NULL),
		IF(p_action = 'archive', v_now, NULL)
	)
	ON DUPLICATE KEY UPDATE
		`seen_at` = COALESCE(`seen_at`, v_now),
		`read_at` = CASE p_action WHEN 'read' THEN COALESCE(`read_at`, v_now) WHEN 'unread' THEN NULL ELSE `read_at` END,
		`archived_at` = CASE p_action
			WHEN 'archive' THEN COALESCE(`archived_at`, v_now)
			WHEN 'unarchive' THEN NULL
			ELSE `archived_at`
		END;
END;
--> statement-breakpoint
DROP PROCEDURE IF EXISTS `live_register_session`;
--> statement-breakpoint
-- Registers a session of something else than this service (node `sql`). Calling it again is its heartbeat; without one
-- it is taken for dead like any other. The log's head is read without a lock: the caller's transaction may be long.
CREATE PROCEDURE `live_register_session`(
	IN p_stream_id VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
	IN p_player_id BIGINT,
	IN p_address VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci,
	IN p_user_agent LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci
)
MODIFIES SQL DATA
SQL SECURITY INVOKER
BEGIN
	DECLARE v_now DATETIME(3) DEFAULT UTC_TIMESTAMP(3);
	DECLARE v_head BIGINT DEFAULT 0;
	DECLARE v_user_id BIGINT DEFAULT NULL;
	SELECT `head` INTO v_head FROM `log_head` WHERE `id` = 1;
	SELECT MIN(`user_id`) INTO v_user_id FROM `player` WHERE `id` = p_player_id;
	IF v_user_id IS NULL THEN
		SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'live_register_session: there is no such player';
	END IF;
	INSERT INTO `stream_session` (
		`stream_id`, `node_id`, `user_id`, `player_id`, `scopes`, `connected_at`, `last_heartbeat_at`,
		`last_delivered_id`, `address`, `user_agent`
	)
	VALUES (
		p_stream_id, 'sql', v_user_id, p_player_id, JSON_ARRAY(CONCAT('player:', p_player_id)), v_now, v_now,
		v_head, p_address, LEFT(p_user_agent, 255)
	)
	ON DUPLICATE KEY UPDATE
		`last_heartbeat_at` = IF(`node_id` = 'sql', v_now, `last_heartbeat_at`),
		`disconnected_at` = IF(`node_id` = 'sql', NULL, `disconnected_at`),
		`close_reason` = IF(`node_id` = 'sql', NULL, `close_reason`);
END;
--> statement-breakpoint
DROP PROCEDURE IF EXISTS `live_disconnect_session`;
--> statement-breakpoint
-- Ends a session. The stream of a node is closed by that node within moments, which then writes down that it is closed.
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
	SET `close_requested` = 'revoked', `commanded_at` = v_now
	WHERE `stream_id` = p_stream_id AND `node_id` <> 'sql' AND `disconnected_at` IS NULL;
END;
