CREATE TABLE `activity_log` (
	`id` bigint AUTO_INCREMENT NOT NULL,
	`player_id` bigint NOT NULL,
	`action_type` enum('LEVEL_UP','PROBLEM_SOLVED','CONTEST_JOINED','CONTEST_FINISHED','RANK_CHANGED','TIER_UPGRADED','ACHIEVEMENT_EARNED') NOT NULL,
	`contest_id` bigint,
	`problem_id` bigint,
	`old_value` json,
	`new_value` json,
	`timestamp` datetime(3) NOT NULL,
	`event_id` bigint,
	`is_broadcasted` boolean NOT NULL DEFAULT false,
	PRIMARY KEY (`id`),
	KEY `activity_log_player` (`player_id`, `id`),
	KEY `activity_log_unpublished` (`is_broadcasted`, `id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `event_outbox` (
	`id` bigint AUTO_INCREMENT NOT NULL,
	`type` varchar(64) character set ascii collate ascii_bin NOT NULL,
	`payload` json NOT NULL,
	`idempotency_key` varchar(128) character set ascii collate ascii_bin,
	`created_at` datetime(3) NOT NULL,
	`attempts` int NOT NULL DEFAULT 0,
	`failed_at` datetime(3),
	`error` varchar(1000),
	PRIMARY KEY (`id`),
	KEY `event_outbox_waiting` (`failed_at`, `id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `log_head` (
	`id` tinyint NOT NULL,
	`head` bigint NOT NULL,
	`epoch` varchar(8) character set ascii collate ascii_bin NOT NULL,
	PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `log_key` (
	`idempotency_key` varchar(160) character set ascii collate ascii_bin NOT NULL,
	`fingerprint` binary(32) NOT NULL,
	`first_id` bigint NOT NULL,
	`expires_at` datetime(3) NOT NULL,
	PRIMARY KEY (`idempotency_key`),
	KEY `log_key_expiry` (`expires_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `log_tail` (
	`keep_class` enum('player','contest','leaderboard','problem','global','nudge') NOT NULL,
	`tail` bigint NOT NULL,
	PRIMARY KEY (`keep_class`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `notification` (
	`id` bigint NOT NULL,
	`event_id` bigint NOT NULL,
	`scope` varchar(64) character set ascii collate ascii_bin NOT NULL,
	`keep_class` enum('player','contest','leaderboard','problem','global','nudge') NOT NULL,
	`type` varchar(32) character set ascii collate ascii_bin NOT NULL,
	`inbox` boolean NOT NULL,
	`player_id` bigint,
	`title` varchar(255) NOT NULL,
	`message` text NOT NULL,
	`data` mediumtext NOT NULL,
	`created_at` datetime(3) NOT NULL,
	PRIMARY KEY (`id`),
	KEY `notification_scope` (`scope`, `id`),
	KEY `notification_inbox` (`scope`, `inbox`, `id`),
	KEY `notification_age` (`keep_class`, `id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `notification_receipt` (
	`player_id` bigint NOT NULL,
	`notification_id` bigint NOT NULL,
	`seen_at` datetime(3),
	`read_at` datetime(3),
	`archived_at` datetime(3),
	PRIMARY KEY (`player_id`, `notification_id`),
	KEY `notification_receipt_notification` (`notification_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `stream_session` (
	`stream_id` varchar(36) character set ascii collate ascii_bin NOT NULL,
	`node_id` varchar(36) character set ascii collate ascii_bin NOT NULL,
	`user_id` bigint,
	`player_id` bigint,
	`scopes` json NOT NULL,
	`ticket_id` varchar(36) character set ascii collate ascii_bin,
	`connected_at` datetime(3) NOT NULL,
	`last_heartbeat_at` datetime(3) NOT NULL,
	`expires_at` datetime(3),
	`last_delivered_id` bigint NOT NULL,
	`disconnected_at` datetime(3),
	`close_reason` varchar(16) character set ascii collate ascii_bin,
	`address` varchar(45),
	`user_agent` varchar(255),
	`close_requested` varchar(16) character set ascii collate ascii_bin,
	`commanded_at` datetime(3),
	PRIMARY KEY (`stream_id`),
	KEY `stream_session_alive` (`disconnected_at`, `last_heartbeat_at`, `player_id`),
	KEY `stream_session_player` (`player_id`, `disconnected_at`),
	KEY `stream_session_command` (`node_id`, `commanded_at`),
	KEY `stream_session_ticket` (`ticket_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `token_revocation` (
	`user_id` bigint NOT NULL,
	`not_before` datetime(3) NOT NULL,
	PRIMARY KEY (`user_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
