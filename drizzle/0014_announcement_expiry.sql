CREATE TABLE `announcement_expiry` (
	`id` bigint AUTO_INCREMENT NOT NULL,
	`announcement_id` bigint NOT NULL,
	`expires_at` datetime(3) NOT NULL,
	`written_as` varchar(32) NOT NULL,
	CONSTRAINT `announcement_expiry_id` PRIMARY KEY(`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
--> statement-breakpoint
CREATE INDEX `announcement_expiry_time` ON `announcement_expiry` (`expires_at`,`id`);
