CREATE TABLE `node` (
	`node_id` varchar(36) character set ascii collate ascii_bin NOT NULL,
	`renewed_at` datetime(3) NOT NULL,
	`expires_at` datetime(3) NOT NULL,
	`ops_streams` int NOT NULL,
	CONSTRAINT `node_node_id` PRIMARY KEY(`node_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
-- Rows that are there have not changed lately: NULL. The default is for rows to come.
ALTER TABLE `stream_session` ADD `changed_at` timestamp(3) NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP(3);
--> statement-breakpoint
ALTER TABLE `stream_session` MODIFY `changed_at` timestamp(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3);
--> statement-breakpoint
CREATE INDEX `stream_session_changed` ON `stream_session` (`changed_at`,`player_id`);
--> statement-breakpoint
CREATE INDEX `stream_session_node` ON `stream_session` (`node_id`,`disconnected_at`);
--> statement-breakpoint
-- Open streams whose node's lease has not ended; of nodes without one (earlier releases, SQL users), those with a sign of
-- life within two minutes.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW `v_active_sessions` AS
SELECT
	s.`stream_id`,
	s.`node_id`,
	s.`user_id`,
	s.`player_id`,
	u.`name` AS `player_name`,
	s.`scopes`,
	s.`connected_at`,
	COALESCE(n.`renewed_at`, s.`last_heartbeat_at`) AS `last_heartbeat_at`,
	s.`expires_at`,
	s.`last_delivered_id`,
	s.`address`,
	s.`user_agent`
FROM `stream_session` s
LEFT JOIN `node` n ON n.`node_id` = s.`node_id`
LEFT JOIN `users` u ON u.`id` = s.`user_id`
WHERE s.`disconnected_at` IS NULL
	AND IF(n.`node_id` IS NULL, s.`last_heartbeat_at` > UTC_TIMESTAMP(3) - INTERVAL 2 MINUTE, n.`expires_at` > UTC_TIMESTAMP(3));
