import { EVENT_TYPES, type EventType, eventName, type Notification } from '../../protocol/event.ts';
import type { LeaderboardRow } from '../../protocol/leaderboard.ts';
import type { Screen, Style } from '../context.ts';
import { safeText } from '../safe-text.ts';
import type { NotificationMessage, StreamMessage } from './follow.ts';

const NAME_WIDTH = 18;
/** Max rows of a leaderboard that are printed. */
const ROWS = 3;

/** Style of each type's name. The compiler requires an entry for each type of the catalogue. */
const STYLES: Readonly<Record<EventType, Style>> = {
  LEVEL_UP: 'green',
  TIER_UPGRADE: 'green',
  ACHIEVEMENT: 'yellow',
  RANK_CHANGE: 'cyan',
  SUBMISSION_RECEIVED: 'dim',
  SUBMISSION_JUDGED: 'blue',
  SUBMISSION_REJUDGED: 'yellow',
  PROBLEM_SOLVED: 'blue',
  SOLVE_RETRACTED: 'yellow',
  XP_GAINED: 'green',
  CONTEST_STATUS: 'magenta',
  CONTEST_END: 'magenta',
  LEADERBOARD_FREEZE: 'magenta',
  ANNOUNCEMENT: 'bold',
  ANNOUNCEMENT_WITHDRAWN: 'yellow',
  CONTEST_CREATED: 'magenta',
  CONTEST_CHANGED: 'magenta',
  CONTEST_UNLISTED: 'dim',
  CONTEST_COUNTS: 'dim',
  CONTEST_RESULTS: 'magenta',
  CONTEST_REVEAL: 'magenta',
  CONTEST_REVEAL_STEP: 'magenta',
  LEADERBOARD_UPDATE: 'dim',
  CELLS_UPDATE: 'dim',
  CONTEST_JOINED: 'dim',
  GLOBAL_LEADERBOARD: 'dim',
  DIGEST: 'dim',
  PLAYER_STATUS: 'dim',
  NODE_STATUS: 'dim',
  PADDING: 'dim',
  ACCESS_CHANGED: 'dim',
  RECEIPTS: 'dim',
};

const EVENT_NAMES: ReadonlySet<string> = new Set(EVENT_TYPES.map(eventName));

/** Whether a message is a notification, and not a control frame. */
export function isNotification(message: StreamMessage): message is NotificationMessage {
  return EVENT_NAMES.has(message.event);
}

/** Formats a notification as one line: time, event, scope, text, id. */
export function notificationLine({ event, data }: NotificationMessage, screen: Screen): string {
  const { type, scope, at, id } = data;
  const style = STYLES[type] ?? 'dim';
  return [
    screen.paint('dim', timeOf(at)),
    screen.paint(style, event.padEnd(NAME_WIDTH)),
    screen.paint('dim', safeText(scope).padEnd(10)),
    safeText(textOf(data)),
    screen.paint('dim', `#${id}`),
  ].join('  ');
}

/** Formats a leaderboard snapshot as one line. */
export function snapshotLine(
  { event, data }: Extract<StreamMessage, { readonly event: 'leaderboard-snapshot' }>,
  screen: Screen,
): string {
  return [
    screen.paint('dim', timeOf(new Date().toISOString())),
    screen.paint('cyan', event.padEnd(NAME_WIDTH)),
    screen.paint('dim', `contest:${data.contestId}`.padEnd(10)),
    safeText(
      data.rows.length === 0 && data.frozen
        ? 'the standings are frozen'
        : `${data.total} take part${data.frozen ? ', frozen' : ''}${listed(data.rows)}`,
    ),
  ].join('  ');
}

function textOf({ type, title, message, data }: Notification): string {
  if (type === 'ANNOUNCEMENT' || type === 'ANNOUNCEMENT_WITHDRAWN') return `${title}: ${message}`;
  if (type === 'LEADERBOARD_UPDATE')
    return `${message}${data.real ? ', not shown yet' : ''}${listed(data.changed)}`;
  return message;
}

function listed(rows: readonly Pick<LeaderboardRow, 'rank' | 'playerName' | 'finalRating'>[]): string {
  if (rows.length === 0) return '';
  const shown = [...rows]
    .sort((a, b) => a.rank - b.rank)
    .slice(0, ROWS)
    .map(({ rank, playerName, finalRating }) => `${rank}. ${playerName} ${finalRating}`);
  return `: ${shown.join(', ')}${rows.length > ROWS ? ', …' : ''}`;
}

/** Formats a time in the local time zone. */
function timeOf(at: string): string {
  const date = new Date(at);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
