export type * from './api-types.ts';
export { createBoard } from './board.ts';
export { connect } from './connect.ts';
export { type ClientFault, LiveError } from './live-error.ts';
export type * from './types.ts';
