import type { ConnectionState } from './types.ts';

/**
 * What happens to a connection:
 * `start` connect now, whatever was under way · `opened` a stream has begun · `caught-up` it has sent what was missed ·
 * `lost` the stream broke, or was not had · `due` the time to try again has come · `wake` somebody looks at the page
 * again · `refused` there is no point in trying again · `rest` there is nothing to listen to any more · `offline`, `online` the browser's word about its network ·
 * `close` for good.
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

/** The connection's state after each input in each state. An input that means nothing in a state leaves it as it is. */
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
    // Another stream took over from the one that was catching up.
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
    // Another stream took over: it first sends what it has to.
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
    // Browsers are wrong about this at times, so it is tried now and then.
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
