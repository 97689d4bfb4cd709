-- The epoch is four random letters and digits. IGNORE: whoever made the log first has named it.
INSERT IGNORE INTO `log_head` (`id`, `head`, `epoch`) VALUES (
	1,
	0,
	CONCAT(
		SUBSTRING('abcdefghijklmnopqrstuvwxyz0123456789', 1 + FLOOR(RAND() * 36), 1),
		SUBSTRING('abcdefghijklmnopqrstuvwxyz0123456789', 1 + FLOOR(RAND() * 36), 1),
		SUBSTRING('abcdefghijklmnopqrstuvwxyz0123456789', 1 + FLOOR(RAND() * 36), 1),
		SUBSTRING('abcdefghijklmnopqrstuvwxyz0123456789', 1 + FLOOR(RAND() * 36), 1)
	)
);
--> statement-breakpoint
INSERT IGNORE INTO `log_tail` (`keep_class`, `tail`)
VALUES ('player', 1), ('contest', 1), ('leaderboard', 1), ('problem', 1), ('global', 1), ('nudge', 1);
