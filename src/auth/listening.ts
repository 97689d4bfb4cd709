import type { Role } from '../protocol/enums.ts';
import { type ParsedScope, ROLE_SCOPES, type ScopeKind } from '../protocol/scope.ts';

/** Identity of a listener, as far as access depends on it. */
export interface Subscriber {
  readonly userId: number;
  readonly playerId: number | undefined;
  readonly role: Role;
}

/** Columns of a contest that decide who may listen to it. */
export interface ContestAccess {
  readonly draft: boolean;
  readonly public: boolean;
  /** `users.id` of its creator. */
  readonly createdBy: number;
}

/** Rows that decide access to the scopes in question. */
export interface AccessFacts {
  readonly contests: ReadonlyMap<number, ContestAccess>;
  readonly problems: ReadonlySet<number>;
  readonly players: ReadonlySet<number>;
  /** `participation`s that exist. */
  readonly joined: ReadonlySet<string>;
}

/** Table of the platform whose row decides who may listen. */
export type AccessSubject = 'contest' | 'problem' | 'player';

/** Per kind of scope, which row decides who may listen, and whether participation in the contest does, too. */
export const ACCESS: Readonly<
  Record<ScopeKind, { readonly subject: AccessSubject | undefined; readonly participants: boolean }>
> = {
  player: { subject: 'player', participants: false },
  contest: { subject: 'contest', participants: true },
  leaderboard: { subject: 'contest', participants: true },
  real: { subject: 'contest', participants: false },
  shown: { subject: 'contest', participants: true },
  hidden: { subject: 'contest', participants: false },
  cells: { subject: 'contest', participants: true },
  realCells: { subject: 'contest', participants: false },
  problem: { subject: 'problem', participants: false },
  global: { subject: undefined, participants: false },
  players: { subject: undefined, participants: false },
  admins: { subject: undefined, participants: false },
  companies: { subject: undefined, participants: false },
  ops: { subject: undefined, participants: false },
};

/**
 * Rule of who may listen to what.
 *
 * A player's scope: the player, and admins. A contest and its leaderboard: always its creator and admins; all users where
 * it is public and no draft; its participants where it is no draft. The real leaderboard and the hidden events of a
 * frozen contest, and the status of the service: admins. Problems and `global`: all users. The scope of a role: its users.
 */
export function mayListen(viewer: Subscriber, scope: ParsedScope, facts: AccessFacts): boolean {
  switch (scope.kind) {
    case 'global':
      return true;
    case 'problem':
      return facts.problems.has(scope.id);
    case 'player':
      return isOwn(viewer, scope) || (viewer.role === 'ADMIN' && facts.players.has(scope.id));
    case 'players':
    case 'admins':
    case 'companies':
      return ROLE_SCOPES[viewer.role] === scope.kind;
    case 'ops':
      return viewer.role === 'ADMIN';
    case 'real':
    case 'hidden':
    case 'realCells':
      return viewer.role === 'ADMIN' && facts.contests.has(scope.id);
    case 'contest':
    case 'leaderboard':
    case 'shown':
    case 'cells': {
      const contest = facts.contests.get(scope.id);
      if (contest === undefined) return false;
      if (isOpen(contest) || isManagedBy(viewer, contest)) return true;
      return (
        !contest.draft &&
        viewer.playerId !== undefined &&
        facts.joined.has(participation(scope.id, viewer.playerId))
      );
    }
  }
}

/** Whether access follows from the identity alone, without any row. */
export function isOwn(viewer: Subscriber, scope: ParsedScope): boolean {
  if (scope.kind === 'global' || scope.kind === ROLE_SCOPES[viewer.role]) return true;
  return scope.kind === 'player' && scope.id === viewer.playerId;
}

/** Whether all users may listen. */
export function isOpen(contest: ContestAccess): boolean {
  return contest.public && !contest.draft;
}

/**
 * Whether to read the participation. Also for drafts and contests that do not exist, where it decides nothing, so that
 * the response time does not reveal which of the cases it is.
 */
export function dependsOnJoining(viewer: Subscriber, contest: ContestAccess | undefined): boolean {
  return contest === undefined || !(isOpen(contest) || isManagedBy(viewer, contest));
}

export function participation(contestId: number, playerId: number): string {
  return `${contestId}/${playerId}`;
}

function isManagedBy(viewer: Subscriber, contest: ContestAccess): boolean {
  return viewer.role === 'ADMIN' || contest.createdBy === viewer.userId;
}
