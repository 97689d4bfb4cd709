import type { ParsedScope } from '../protocol/scope.ts';
import type { Role } from './identity.ts';

/** Who wants to listen, as far as it decides what to. */
export interface Viewer {
  readonly userId: number;
  readonly playerId: number | undefined;
  readonly role: Role;
}

/** What a contest says of who may listen to it. */
export interface ContestAccess {
  readonly draft: boolean;
  readonly public: boolean;
  /** `users.id` of who made it. */
  readonly createdBy: number;
}

/** What the database knows about the scopes in question. */
export interface Facts {
  readonly contests: ReadonlyMap<number, ContestAccess>;
  readonly problems: ReadonlySet<number>;
  readonly players: ReadonlySet<number>;
  /** Of `participation`s, those that are. */
  readonly joined: ReadonlySet<string>;
}

/**
 * The one rule of who may listen to what.
 *
 * A player's scope: the player, and admins. A contest and its leaderboard: everybody signed in where it is public, else
 * its participants; a draft nobody; besides always who made it, and admins. The real standings of a frozen contest, and how the
 * service is doing: admins. A problem: everybody signed in. The rest: all.
 */
export function mayListen(viewer: Viewer, scope: ParsedScope, facts: Facts): boolean {
  switch (scope.kind) {
    case 'global':
      return true;
    case 'problem':
      return facts.problems.has(scope.id);
    case 'player':
      return isOwn(viewer, scope) || (viewer.role === 'ADMIN' && facts.players.has(scope.id));
    case 'ops':
      return viewer.role === 'ADMIN';
    case 'real':
      return viewer.role === 'ADMIN' && facts.contests.has(scope.id);
    case 'contest':
    case 'leaderboard': {
      const contest = facts.contests.get(scope.id);
      if (contest === undefined) return false;
      if (isOpen(contest) || rulesOver(viewer, contest)) return true;
      return (
        !contest.draft &&
        viewer.playerId !== undefined &&
        facts.joined.has(participation(scope.id, viewer.playerId))
      );
    }
  }
}

/** Whether it needs no look into the database. */
export function isOwn(viewer: Viewer, scope: ParsedScope): boolean {
  return scope.kind === 'global' || (scope.kind === 'player' && scope.id === viewer.playerId);
}

/** Whether everybody signed in may listen. */
export function isOpen(contest: ContestAccess): boolean {
  return contest.public && !contest.draft;
}

/**
 * Whether taking part in it is to be looked up. For what does not exist, too, and for drafts, where it decides nothing:
 * how long an answer takes tells nobody which of them it was.
 */
export function dependsOnJoining(viewer: Viewer, contest: ContestAccess | undefined): boolean {
  return contest === undefined || !(isOpen(contest) || rulesOver(viewer, contest));
}

export function participation(contestId: number, playerId: number): string {
  return `${contestId}/${playerId}`;
}

function rulesOver(viewer: Viewer, contest: ContestAccess): boolean {
  return viewer.role === 'ADMIN' || contest.createdBy === viewer.userId;
}
