CREATE TABLE `log_term` (
	`term` varchar(8) character set ascii collate ascii_bin NOT NULL,
	`number` bigint NOT NULL,
	`first_id` bigint NOT NULL,
	`begun_at` datetime(3) NOT NULL,
	CONSTRAINT `log_term_term` PRIMARY KEY(`term`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
ALTER TABLE `log_head` ADD `tag` varchar(12) character set ascii collate ascii_bin;--> statement-breakpoint
ALTER TABLE `log_head` ADD `tagged_head` bigint;--> statement-breakpoint
ALTER TABLE `log_key` ADD `answer` mediumtext;--> statement-breakpoint
ALTER TABLE `notification` ADD `term` varchar(8) character set ascii collate ascii_bin;--> statement-breakpoint
ALTER TABLE `notification` ADD `tag` varchar(12) character set ascii collate ascii_bin;--> statement-breakpoint
-- The present epoch is the first term and covers every position.
INSERT IGNORE INTO `log_term` (`term`, `number`, `first_id`, `begun_at`)
  SELECT `epoch`, 1, 0, UTC_TIMESTAMP(3) FROM `log_head` WHERE `id` = 1;
