CREATE TABLE `contest_freeze` (
	`contest_id` bigint NOT NULL,
	`freeze_no` int NOT NULL,
	`frozen` boolean NOT NULL,
	`frozen_at` datetime(3) NOT NULL,
	`exact` boolean NOT NULL,
	`revealed_at` datetime(3),
	CONSTRAINT `contest_freeze_contest_id` PRIMARY KEY(`contest_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `frozen_player` (
	`contest_id` bigint NOT NULL,
	`freeze_no` int NOT NULL,
	`player_id` bigint NOT NULL,
	`xp` bigint,
	`level` int,
	`tier` varchar(16) character set ascii collate ascii_bin,
	`sub_rank` varchar(100),
	CONSTRAINT `frozen_player_contest_id_freeze_no_player_id_pk` PRIMARY KEY(`contest_id`,`freeze_no`,`player_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `frozen_score` (
	`contest_id` bigint NOT NULL,
	`freeze_no` int NOT NULL,
	`player_id` bigint NOT NULL,
	`mode` varchar(16) character set ascii collate ascii_bin,
	`final_rating` double,
	`problems_solved` bigint,
	`penalty_mins` bigint,
	`solved_local` datetime(6),
	`solved_unix` decimal(20,6),
	CONSTRAINT `frozen_score_contest_id_freeze_no_player_id_pk` PRIMARY KEY(`contest_id`,`freeze_no`,`player_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `deferred_event` (
	`id` bigint AUTO_INCREMENT NOT NULL,
	`contest_id` bigint NOT NULL,
	`type` varchar(32) character set ascii collate ascii_bin NOT NULL,
	`data` mediumtext NOT NULL,
	`scopes` text NOT NULL,
	`created_at` datetime(3) NOT NULL,
	CONSTRAINT `deferred_event_id` PRIMARY KEY(`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
ALTER TABLE `event_outbox` ADD `frozen` boolean;--> statement-breakpoint
CREATE INDEX `contest_freeze_frozen` ON `contest_freeze` (`frozen`,`contest_id`);--> statement-breakpoint
CREATE INDEX `frozen_player_player` ON `frozen_player` (`player_id`);--> statement-breakpoint
CREATE INDEX `deferred_event_contest` ON `deferred_event` (`contest_id`,`id`);