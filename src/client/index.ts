export type * from './api-types.ts';
export { connect } from './connect.ts';
export { createBoard } from './leaderboard.ts';
export { type ClientFault, LiveError } from './live-error.ts';
export type * from './types.ts';
