CREATE TABLE `inbox_block` (
	`player_id` bigint NOT NULL,
	`through_id` bigint NOT NULL,
	`kept` int NOT NULL,
	`archived` int NOT NULL,
	`unread` int NOT NULL,
	`unseen` int NOT NULL,
	`archived_unread` int NOT NULL,
	`archived_unseen` int NOT NULL,
	`types` varchar(1000) character set ascii collate ascii_bin NOT NULL,
	`counted_at` datetime(3) NOT NULL,
	CONSTRAINT `inbox_block_player_id_through_id_pk` PRIMARY KEY(`player_id`,`through_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE TABLE `inbox_summary` (
	`player_id` bigint NOT NULL,
	`scopes` varchar(22) character set ascii collate ascii_bin NOT NULL,
	`player_tail` bigint NOT NULL,
	`contest_tail` bigint NOT NULL,
	`global_tail` bigint NOT NULL,
	CONSTRAINT `inbox_summary_player_id` PRIMARY KEY(`player_id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
-- Set by the server with every later write, also of nodes of earlier releases and of SQL users. No block counts the rows that
-- are there, so that they have not changed since: NULL.
ALTER TABLE `notification_receipt` ADD `changed_at` timestamp(3) NULL DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP(3);
--> statement-breakpoint
ALTER TABLE `notification_receipt` MODIFY `changed_at` timestamp(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3);
--> statement-breakpoint
CREATE INDEX `notification_receipt_changed` ON `notification_receipt` (`player_id`,`changed_at`);
