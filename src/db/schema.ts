/** Every table of this service, for drizzle and for what checks them all. */

export * from './tables/contests.ts';
export * from './tables/leaderboards.ts';
export * from './tables/log.ts';
export * from './tables/outbox.ts';
export * from './tables/players.ts';
export * from './tables/sessions.ts';
