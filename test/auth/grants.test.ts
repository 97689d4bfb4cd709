import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createGrants, type Grants } from '../../src/auth/grants.ts';
import { requireAdmin, requirePlayer, requireService, requireUser } from '../../src/auth/guards.ts';
import type { Identity, UserIdentity } from '../../src/auth/identity.ts';
import { createUsers } from '../../src/auth/users.ts';
import type { Role } from '../../src/protocol/enums.ts';
import {
  type ParsedScope,
  parseScope,
  SCOPE_KINDS,
  type Scope,
  scopeKind,
  scopes,
} from '../../src/protocol/scope.ts';
import { holdQuery } from '../support/database/held-query.ts';
import {
  createContest,
  createPlayer,
  createProblem,
  createUser,
  joinContest,
} from '../support/database/platform.ts';
import { useFixture } from './fixture.ts';

const fixture = useFixture();

function user(userId: number, playerId: number | undefined, role: Role = 'PLAYER'): UserIdentity {
  const dates = { issuedAt: new Date(0), expiresAt: new Date(8e12) };
  return { kind: 'user', userId, playerId, role, name: 'x', ...dates };
}

const identities: Record<string, Identity> = {};
const ids: Record<string, number> = {};
let grants: Grants;

beforeAll(async () => {
  const { database } = fixture;
  for (const name of ['player', 'participant', 'creator']) {
    const { userId, playerId } = await createPlayer(database);
    identities[name] = user(userId, playerId);
    ids[name] = playerId;
  }
  const company = await createUser(database, { role: 'COMPANY' });
  identities.company = user(company, undefined, 'COMPANY');
  identities.admin = user(await createUser(database, { role: 'ADMIN' }), undefined, 'ADMIN');
  identities.service = { kind: 'service', name: 's', expiresAt: new Date(8e12) };

  const createdBy = (identities.creator as UserIdentity).userId;
  for (const [name, contest] of Object.entries({
    public: {},
    cancelled: { status: 'CANCELLED' as const },
    private: { isPublic: false },
    draft: { status: 'DRAFT' as const },
    privateDraft: { status: 'DRAFT' as const, isPublic: false },
    companys: { isPublic: false, createdBy: company },
  })) {
    const contestId = await createContest(database, { createdBy, ...contest });
    ids[name] = contestId;
    await joinContest(database, { contestId, playerId: ids.participant ?? 0 });
  }
  ids.problem = await createProblem(database);
  ids.none = 99_999;
});
beforeEach(() => {
  ({ grants } = fixture.auth());
});

const at = (name: string) => ids[name] ?? 0;
const parse = (scope: Scope): ParsedScope => parseScope(scope) ?? { kind: 'global' };
const outcome = (who: string, ...wanted: Scope[]) =>
  grants.authorise(identities[who] as Identity, wanted.map(parse)).then(
    () => 'ok',
    (error: { code: string }) => error.code,
  );

describe('who may listen', () => {
  const everybody = ['player', 'participant', 'creator', 'company', 'admin'];
  const table: [scope: string, spell: () => Scope, allowed: string[]][] = [
    ['global', () => 'global', everybody],
    ["the player's own scope", () => scopes.player(at('player')), ['player', 'admin']],
    ["a player's scope that does not exist", () => scopes.player(at('none')), []],
    ['a public contest', () => scopes.contest(at('public')), everybody],
    ["a public contest's leaderboard", () => scopes.leaderboard(at('public')), everybody],
    ['a cancelled public contest', () => scopes.contest(at('cancelled')), everybody],
    ['a private contest', () => scopes.contest(at('private')), ['participant', 'creator', 'admin']],
    [
      "a private contest's leaderboard",
      () => scopes.leaderboard(at('private')),
      ['participant', 'creator', 'admin'],
    ],
    ['a draft', () => scopes.contest(at('draft')), ['creator', 'admin']],
    ["a private draft's leaderboard", () => scopes.leaderboard(at('privateDraft')), ['creator', 'admin']],
    [
      "a company's private contest",
      () => scopes.contest(at('companys')),
      ['participant', 'company', 'admin'],
    ],
    ['a contest that does not exist', () => scopes.contest(at('none')), []],
    ['a leaderboard that does not exist', () => scopes.leaderboard(at('none')), []],
    ["a private contest's cells", () => scopes.cells(at('private')), ['participant', 'creator', 'admin']],
    [
      'what changes of the frozen leaderboard of a private contest',
      () => scopes.shown(at('private')),
      ['participant', 'creator', 'admin'],
    ],
    ['a real leaderboard', () => scopes.real(at('public')), ['admin']],
    ['the real cells', () => scopes.realCells(at('public')), ['admin']],
    ['what a freeze hides of a contest', () => scopes.hidden(at('public')), ['admin']],
    ['what is for players', () => 'players', ['player', 'participant', 'creator']],
    ['what is for admins', () => 'admins', ['admin']],
    ['what is for companies', () => 'companies', ['company']],
    ['the status of the service', () => 'ops', ['admin']],
    ['a problem', () => scopes.problem(at('problem')), everybody],
    ['a problem that does not exist', () => scopes.problem(at('none')), []],
  ];

  it.each(table)('to %s', async (_name, spell, allowed) => {
    for (const who of everybody)
      expect([who, await outcome(who, spell())]).toEqual([who, allowed.includes(who) ? 'ok' : 'not-found']);
    expect(await outcome('service', spell())).toBe('forbidden');
  });

  it('to every kind of scope, each of which is in this table', () => {
    expect([...new Set(table.map(([, spell]) => scopeKind(spell())))].sort()).toEqual(
      [...SCOPE_KINDS].sort(),
    );
  });

  it('to several scopes: to all of them or to none', async () => {
    const fine: Scope[] = [scopes.player(at('participant')), scopes.contest(at('private')), 'global'];
    expect(await outcome('participant', ...fine)).toBe('ok');
    expect(await outcome('participant', ...fine, scopes.contest(at('draft')))).toBe('not-found');
  });

  it("does not follow from a user's id that equals a player's", async () => {
    const { userId } = identities.player as UserIdentity;
    expect(await outcome('player', scopes.player(userId))).toBe('not-found');
  });

  it('with a ticket: to its own scopes, and to them only as its user may', async () => {
    const may: Scope[] = [
      scopes.player(at('player')),
      scopes.contest(at('public')),
      scopes.contest(at('private')),
    ];
    identities.ticket = { ...(identities.player as UserIdentity), ticket: { id: randomUUID(), scopes: may } };
    expect(await outcome('ticket', scopes.player(at('player')), scopes.contest(at('public')))).toBe('ok');
    expect(await outcome('ticket', scopes.contest(at('private')))).toBe('not-found');
    for (const other of ['global', scopes.leaderboard(at('public')), scopes.player(at('none'))] as Scope[])
      expect(await outcome('ticket', scopes.player(at('player')), other)).toBe('forbidden');
  });
});

describe('authorise', () => {
  it('asks nothing for what is known without asking, and at most twice for anything', async () => {
    grants.reported = true;
    const count = async (who: string, ...wanted: Scope[]) => {
      const before = fixture.queries();
      await outcome(who, ...wanted);
      return fixture.queries() - before;
    };
    expect(await count('player', scopes.player(at('player')), 'global')).toBe(0);
    expect(await count('player', scopes.player(at('creator')))).toBe(0);
    const many: Scope[] = [
      scopes.contest(at('private')),
      scopes.leaderboard(at('public')),
      scopes.problem(at('problem')),
    ];
    expect(await count('participant', ...many)).toBe(2);
    expect(await count('participant', scopes.contest(at('public')), scopes.problem(at('problem')))).toBe(0);
  });

  it('asks as much about what does not exist as about what is hidden', async () => {
    for (const name of ['private', 'draft', 'none']) {
      for (const scope of [scopes.contest(at(name)), scopes.leaderboard(at(name))]) {
        const before = fixture.queries();
        expect(await outcome('player', scope)).toBe('not-found');
        expect([name, fixture.queries() - before]).toEqual([name, 2]);
      }
    }
  });

  it('remembers nothing where withdrawn rights are not reported', async () => {
    ({ grants } = fixture.auth());
    const contestId = await createContest(fixture.database, { isPublic: true });
    expect(await outcome('player', scopes.contest(contestId))).toBe('ok');
    await fixture.database.execute('UPDATE contest SET is_public = 0 WHERE id = ?', [contestId]);
    expect(await outcome('player', scopes.contest(contestId))).toBe('not-found');
  });

  it('remembers only what is open to everybody, and that for three seconds', async () => {
    let now = 0;
    ({ grants } = fixture.auth({ now: () => now }));
    grants.reported = true;
    const contestId = await createContest(fixture.database, { isPublic: false });
    const set = (isPublic: boolean) =>
      fixture.database.execute('UPDATE contest SET is_public = ? WHERE id = ?', [isPublic, contestId]);
    expect(await outcome('player', scopes.contest(contestId))).toBe('not-found');
    await set(true);
    expect(await outcome('player', scopes.contest(contestId))).toBe('ok');
    await set(false);
    now = 3000;
    expect(await outcome('player', scopes.contest(contestId))).toBe('not-found');
  });
});

it('what was read before a contest became private is not remembered after that was reported', async () => {
  const { database } = fixture;
  const contestId = await createContest(database, { isPublic: true });
  const held = holdQuery(database, /SELECT 'contest' AS kind/);
  const reading = createGrants(held.database, createUsers(database));
  reading.reported = true;
  const player = identities.player as Identity;
  const authorise = () => reading.authorise(player, [{ kind: 'contest', id: contestId }]);
  const before = authorise();
  await held.reached;
  await database.execute('UPDATE contest SET is_public = 0 WHERE id = ?', [contestId]);
  reading.forgetContests([contestId]);
  held.release();
  await before;
  await expect(authorise()).rejects.toMatchObject({ code: 'not-found' });
});

it('a contest is private whatever type the platform gives the flag', async () => {
  const { database } = fixture;
  await database.execute('ALTER TABLE contest MODIFY is_public BIT(1) NOT NULL DEFAULT 1');
  const ask = (who: string) =>
    Promise.all(['public', 'private'].map((name) => outcome(who, scopes.contest(at(name)))));
  expect([await ask('player'), await ask('participant')]).toEqual([
    ['ok', 'not-found'],
    ['ok', 'ok'],
  ]);
  await database.execute('ALTER TABLE contest MODIFY is_public BOOLEAN NOT NULL DEFAULT TRUE');
});

describe('the guards', () => {
  it('let through whom they are for', () => {
    const { player, company, admin, service } = identities as Record<string, UserIdentity>;
    const ticket = { ...admin, ...player, role: 'ADMIN', ticket: { id: 'x', scopes: [] } } as UserIdentity;
    const passes = (guard: (identity: Identity) => unknown) =>
      Object.entries({ player, company, admin, service, ticket })
        .map(([name, identity]) => {
          try {
            guard(identity as Identity);
            return name;
          } catch (error) {
            return (error as { code: string }).code === 'forbidden'
              ? ''
              : `${name}:${(error as { code: string }).code}`;
          }
        })
        .filter((name) => name !== '');
    expect(passes(requireUser)).toEqual(['player', 'company', 'admin']);
    expect(passes(requireAdmin)).toEqual(['admin']);
    expect(passes(requireService)).toEqual(['service']);
    expect(passes(requirePlayer)).toEqual(['player', 'company:no-player', 'admin:no-player', 'ticket']);
  });
});
