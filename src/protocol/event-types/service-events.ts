import { z } from 'zod';
import { define } from '../definition.ts';
import { ROLES, SEVERITIES } from '../enums.ts';
import { count, id, name, rank, text, tier } from '../fields.ts';
import { joinNames } from '../phrases.ts';
import { ROLE_SCOPES, type Scope, scopes } from '../scope.ts';

/** Whom an announcement is for; none of these: all users. */
const audience = {
  contestId: id.optional(),
  playerId: id.optional(),
  /** All users of one role. */
  role: z.enum(ROLES).optional(),
} as const;

interface Audience {
  readonly contestId?: number | undefined;
  readonly playerId?: number | undefined;
  readonly role?: (typeof ROLES)[number] | undefined;
}

const hasOneAudience = ({ contestId, playerId, role }: Audience): boolean =>
  [contestId, playerId, role].filter((one) => one !== undefined).length < 2;
const ONE_AUDIENCE = {
  path: ['playerId'],
  message: 'an announcement goes to everybody, to one contest, to one player or to one role',
};

function toAudience({ contestId, playerId, role }: Audience): Scope[] {
  if (playerId !== undefined) return [scopes.player(playerId)];
  if (contestId !== undefined) return [scopes.contest(contestId)];
  return [role === undefined ? scopes.global : scopes[ROLE_SCOPES[role]]];
}

/** Announcements, the leaderboard of all contests, presence, and the state of nodes. */
export const SERVICE_EVENTS = {
  ANNOUNCEMENT: define({
    schema: z
      .strictObject({
        announcementId: id.optional(),
        title: text(255),
        message: text(10_000),
        severity: z.enum(SEVERITIES).default('INFO'),
        ...audience,
        /** Whether it replaces an earlier version of the same announcement. */
        correction: z.boolean().optional(),
      })
      .refine(hasOneAudience, ONE_AUDIENCE),
    targets: toAudience,
    title: (data) => data.title,
    message: (data) => data.message,
    keep: 'history',
  }),

  ANNOUNCEMENT_WITHDRAWN: define({
    schema: z
      .strictObject({
        announcementId: id,
        /** Title of the announcement. */
        title: text(255).optional(),
        ...audience,
      })
      .refine(hasOneAudience, ONE_AUDIENCE),
    targets: toAudience,
    title: () => 'Announcement withdrawn',
    message: (data) => data.title ?? 'An announcement no longer holds',
    keep: 'history',
  }),

  GLOBAL_LEADERBOARD: define({
    schema: z.strictObject({
      version: z.int().min(1),
      top: z
        .array(
          z.strictObject({
            playerId: id,
            playerName: name,
            rank,
            xp: count,
            level: z.int().min(1).optional(),
            tier: tier.optional(),
            subRank: text(20, 0).optional(),
          }),
        )
        .max(100),
    }),
    targets: () => [scopes.global],
    title: () => 'Global standings',
    message: (data) => (data.top[0] ? `${data.top[0].playerName} leads` : 'Nobody yet'),
    keep: 'transient',
    internal: true,
  }),

  /** Stands for more events of players than a scope of many receives one by one. */
  DIGEST: define({
    schema: z.strictObject({
      /** Of a contest's scope; left out: of `global`. */
      contestId: id.optional(),
      count,
      /** The first of them, with what they would have said in this scope. */
      events: z
        .array(
          z.strictObject({
            type: text(64),
            playerId: id,
            playerName: name.optional(),
            message: text(2_000),
          }),
        )
        .max(10),
    }),
    targets: ({ contestId }) => [contestId === undefined ? scopes.global : scopes.contest(contestId)],
    title: (data) => `${data.count} events`,
    message: (data) => `${joinNames(data.events)} and others: ${data.count} events`,
    keep: 'history',
    internal: true,
  }),

  PLAYER_STATUS: define({
    schema: z.strictObject({
      /** Who came and who went: each side is named where it is small, and else empty with `truncated`. */
      online: z.array(z.strictObject({ playerId: id, playerName: name.optional() })).max(100),
      offline: z.array(z.strictObject({ playerId: id, playerName: name.optional() })).max(100),
      onlineCount: count,
      /** How many came and went. */
      cameCount: count.optional(),
      wentCount: count.optional(),
      truncated: z.boolean(),
    }),
    targets: () => [scopes.global],
    title: () => 'Players online',
    message: (data) => `${data.onlineCount} online`,
    keep: 'transient',
  }),

  NODE_STATUS: define({
    schema: z.strictObject({
      nodeId: text(36),
      /** How long this covers, in ms. */
      periodMs: z.int().min(1),
      streams: count,
      /** Frames of the log handed on, and how often they were handed to a stream. */
      frames: count,
      deliveries: count,
      /** From an event's commit to its hand-over to the streams, in ms; null where there was none. */
      latency: z.strictObject({ p50: z.number().min(0), p99: z.number().min(0) }).nullable(),
      lagRows: count,
      memoryBytes: count,
      /** The scopes with the most streams. */
      scopes: z.array(z.strictObject({ scope: text(64), streams: count })).max(50),
    }),
    targets: () => [scopes.ops],
    title: () => 'Node',
    message: (data) => `${data.streams} streams`,
    keep: 'transient',
    internal: true,
  }),

  PADDING: define({
    schema: z.strictObject({
      /** Number of frozen contests. */
      frozenContests: z.int().min(1),
    }),
    targets: () => [scopes.ops],
    title: () => 'Padding',
    message: (data) => `takes a position while ${data.frozenContests} contests are frozen`,
    keep: 'transient',
    internal: true,
  }),

  ACCESS_CHANGED: define({
    schema: z.strictObject({
      /** Users whose status, role or participation changed. */
      userIds: z.array(id).max(1_000),
      /** Contests that fewer may listen to than before. */
      contestIds: z.array(id).max(1_000),
    }),
    targets: () => [scopes.ops],
    title: () => 'Access',
    message: (data) =>
      `access of ${data.userIds.length} users and to ${data.contestIds.length} contests changed`,
    keep: 'transient',
    internal: true,
  }),
} as const;
