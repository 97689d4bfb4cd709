CREATE TABLE `contest_reveal` (
	`contest_id` bigint NOT NULL,
	`freeze_no` int NOT NULL,
	`step` int NOT NULL,
	`opened_at` datetime(3) NOT NULL,
	`changed_at` datetime(3) NOT NULL,
	CONSTRAINT `contest_reveal_contest_id_freeze_no_pk` PRIMARY KEY(`contest_id`,`freeze_no`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `contest_reveal_cell` (
	`contest_id` bigint NOT NULL,
	`freeze_no` int NOT NULL,
	`player_id` bigint NOT NULL,
	`problem_id` bigint NOT NULL,
	`step` int,
	CONSTRAINT `contest_reveal_cell_contest_id_freeze_no_player_id_problem_id_pk` PRIMARY KEY(`contest_id`,`freeze_no`,`player_id`,`problem_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `contest_reveal_step` (
	`contest_id` bigint NOT NULL,
	`freeze_no` int NOT NULL,
	`step` int NOT NULL,
	`settled_player` bigint,
	`data` mediumtext NOT NULL,
	CONSTRAINT `contest_reveal_step_contest_id_freeze_no_step_pk` PRIMARY KEY(`contest_id`,`freeze_no`,`step`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
