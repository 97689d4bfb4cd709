import type { ConnectionState } from './types.ts';

/**
 * Inputs of the state machine:
 * `start` connect now · `opened` a stream has begun · `caught-up` its replay is complete ·
 * `lost` the stream broke, or the request failed · `due` the wait is over · `wake` the page is visible again ·
 * `refused` the service refuses for good · `rest` there are no scopes · `offline`, `online` the browser's network state ·
 * `close` the client is closed.
 */
export type Input =
  | 'start'
  | 'opened'
  | 'caught-up'
  | 'lost'
  | 'due'
  | 'wake'
  | 'refused'
  | 'rest'
  | 'offline'
  | 'online'
  | 'close';

/** State after each input in each state. An input without meaning in a state does not change it. */
export const TRANSITIONS: Readonly<Record<ConnectionState, Readonly<Record<Input, ConnectionState>>>> = {
  idle: {
    start: 'connecting',
    opened: 'idle',
    'caught-up': 'idle',
    lost: 'idle',
    due: 'idle',
    wake: 'idle',
    refused: 'idle',
    rest: 'idle',
    offline: 'idle',
    online: 'idle',
    close: 'closed',
  },
  connecting: {
    start: 'connecting',
    opened: 'catching-up',
    'caught-up': 'connecting',
    lost: 'waiting',
    due: 'connecting',
    wake: 'connecting',
    refused: 'closed',
    rest: 'idle',
    offline: 'offline',
    online: 'connecting',
    close: 'closed',
  },
  'catching-up': {
    start: 'connecting',
    // The successor of the stream that was catching up.
    opened: 'catching-up',
    'caught-up': 'open',
    lost: 'waiting',
    due: 'catching-up',
    wake: 'catching-up',
    refused: 'closed',
    rest: 'idle',
    offline: 'offline',
    online: 'catching-up',
    close: 'closed',
  },
  open: {
    start: 'connecting',
    // A successor replays first.
    opened: 'catching-up',
    'caught-up': 'open',
    lost: 'waiting',
    due: 'open',
    wake: 'open',
    refused: 'closed',
    rest: 'idle',
    offline: 'offline',
    online: 'open',
    close: 'closed',
  },
  waiting: {
    start: 'connecting',
    opened: 'waiting',
    'caught-up': 'waiting',
    lost: 'waiting',
    due: 'connecting',
    wake: 'connecting',
    refused: 'closed',
    rest: 'idle',
    offline: 'offline',
    online: 'connecting',
    close: 'closed',
  },
  offline: {
    start: 'connecting',
    opened: 'offline',
    'caught-up': 'offline',
    lost: 'offline',
    // `navigator.onLine` may be wrong.
    due: 'connecting',
    wake: 'offline',
    refused: 'closed',
    rest: 'idle',
    offline: 'offline',
    online: 'connecting',
    close: 'closed',
  },
  closed: {
    start: 'connecting',
    opened: 'closed',
    'caught-up': 'closed',
    lost: 'closed',
    due: 'closed',
    wake: 'closed',
    refused: 'closed',
    rest: 'closed',
    offline: 'closed',
    online: 'closed',
    close: 'closed',
  },
};
