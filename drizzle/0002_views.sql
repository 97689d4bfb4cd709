-- Standings as they are at this moment. Equal results share a place and the next places are left out (1, 1, 3); whoever
-- has solved nothing yet comes after those with the same rating who have.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW `v_contest_leaderboard` AS
SELECT
	cp.`contest_id`,
	cp.`player_id`,
	u.`name` AS `player_name`,
	u.`profile_picture` AS `picture`,
	p.`tier`,
	p.`sub_rank`,
	cp.`mode`,
	cp.`final_rating`,
	cp.`problems_solved`,
	cp.`penalty_mins`,
	cp.`last_solved_at`,
	RANK() OVER (
		PARTITION BY cp.`contest_id`
		ORDER BY cp.`final_rating` DESC, cp.`last_solved_at` IS NULL, cp.`last_solved_at`
	) AS `live_rank`
FROM `contest_participant` cp
JOIN `player` p ON p.`id` = cp.`player_id`
JOIN `users` u ON u.`id` = p.`user_id`;
--> statement-breakpoint
-- Open streams. One that was not heard of for two minutes is not counted: its node has died and nobody has swept yet.
CREATE OR REPLACE SQL SECURITY INVOKER VIEW `v_active_sessions` AS
SELECT
	s.`stream_id`,
	s.`node_id`,
	s.`user_id`,
	s.`player_id`,
	u.`name` AS `player_name`,
	s.`scopes`,
	s.`connected_at`,
	s.`last_heartbeat_at`,
	s.`expires_at`,
	s.`last_delivered_id`,
	s.`address`,
	s.`user_agent`
FROM `stream_session` s
LEFT JOIN `users` u ON u.`id` = s.`user_id`
WHERE s.`disconnected_at` IS NULL AND s.`last_heartbeat_at` > UTC_TIMESTAMP(3) - INTERVAL 2 MINUTE;
