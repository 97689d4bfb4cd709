CREATE TABLE `announced_player` (
	`player_id` bigint NOT NULL,
	CONSTRAINT `announced_player_player_id` PRIMARY KEY(`player_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `announced_presence` (
	`id` tinyint NOT NULL,
	`version` bigint NOT NULL,
	`online` int NOT NULL,
	`position` bigint NOT NULL,
	CONSTRAINT `announced_presence_id` PRIMARY KEY(`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
