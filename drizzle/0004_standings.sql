CREATE TABLE `contest_announced` (
	`contest_id` bigint NOT NULL,
	`status` varchar(16) character set ascii collate ascii_bin NOT NULL,
	`platform_status` varchar(16) character set ascii collate ascii_bin,
	`turn` int NOT NULL DEFAULT 1,
	`starts_at` datetime(3),
	`ends_at` datetime(3),
	`announced_at` datetime(3) NOT NULL,
	PRIMARY KEY (`contest_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `standings_board` (
	`contest_id` bigint NOT NULL,
	`version` bigint NOT NULL,
	`shown_version` bigint NOT NULL,
	`frozen` boolean NOT NULL DEFAULT false,
	`changed_at` datetime(3) NOT NULL,
	PRIMARY KEY (`contest_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `standings_row` (
	`contest_id` bigint NOT NULL,
	`audience` enum('shown','real') NOT NULL,
	`player_id` bigint NOT NULL,
	`player_name` varchar(100) NOT NULL,
	`picture` text,
	`tier` varchar(16) character set ascii collate ascii_bin,
	`mode` varchar(16) character set ascii collate ascii_bin,
	`final_rating` double NOT NULL,
	`problems_solved` int NOT NULL,
	`penalty_mins` int NOT NULL,
	`last_solved_at` datetime(3),
	`told_from` int,
	`version` bigint NOT NULL,
	PRIMARY KEY (`contest_id`, `audience`, `player_id`),
	KEY `standings_row_player` (`player_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
