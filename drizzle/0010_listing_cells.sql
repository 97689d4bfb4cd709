CREATE TABLE `cells_head` (
	`contest_id` bigint NOT NULL,
	`audience` enum('shown','real') NOT NULL,
	`version` bigint NOT NULL,
	`problems` mediumtext NOT NULL,
	`changed_at` datetime(3) NOT NULL,
	CONSTRAINT `cells_head_contest_id_audience_pk` PRIMARY KEY(`contest_id`,`audience`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `cells_row` (
	`contest_id` bigint NOT NULL,
	`audience` enum('shown','real') NOT NULL,
	`player_id` bigint NOT NULL,
	`cells` mediumtext NOT NULL,
	CONSTRAINT `cells_row_contest_id_audience_player_id_pk` PRIMARY KEY(`contest_id`,`audience`,`player_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `contest_listing` (
	`contest_id` bigint NOT NULL,
	`version` int NOT NULL,
	`digest` varchar(32) character set ascii collate ascii_bin NOT NULL,
	`state` mediumtext NOT NULL,
	`participant_count` int NOT NULL,
	`results_at` datetime(3),
	`changed_at` datetime(3) NOT NULL,
	CONSTRAINT `contest_listing_contest_id` PRIMARY KEY(`contest_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
