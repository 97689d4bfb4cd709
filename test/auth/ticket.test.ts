import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Auth } from '../../src/auth/auth.ts';
import type { UserIdentity } from '../../src/auth/identity.ts';
import { deriveKeys } from '../../src/auth/keys.ts';
import { mintPlatformToken, mintServiceToken } from '../../src/auth/mint.ts';
import { AUDIENCES, signOwn } from '../../src/auth/own-token.ts';
import { createTickets } from '../../src/auth/ticket.ts';
import type { Problem } from '../../src/protocol/problem.ts';
import type { Scope } from '../../src/protocol/scope.ts';
import { createPlayer, type PlayerIds } from '../support/database/platform.ts';
import { bearer, request, SECRET, useFixture, withTicket } from './fixture.ts';

const fixture = useFixture();
const started = Math.floor(Date.now() / 1000) * 1000;
let now: number;
let auth: Auth;
let ada: PlayerIds;
let identity: UserIdentity;

beforeAll(async () => {
  ada = await createPlayer(fixture.database);
});
beforeEach(async () => {
  now = started;
  auth = fixture.auth({ now: () => now });
  const token = await mintPlatformToken(SECRET, ada.userId, { now, lifetimeS: 3600 });
  identity = (await auth.authenticate(bearer(token))) as UserIdentity;
});

const open = (ticket: string) =>
  auth.authenticate(withTicket(ticket), { tickets: true }) as Promise<UserIdentity>;
const refused = { code: 'ticket-invalid', status: 401 };

/** A row as the sessions of streams leave it; ages in seconds before now, by the database's clock. */
async function session(
  ticketId: string,
  row: { user?: number; heartbeat?: number; closed?: number; reason?: string; request?: string } = {},
): Promise<void> {
  const ago = (age: number | undefined) =>
    age === undefined ? 'NULL' : `UTC_TIMESTAMP(3) - INTERVAL ${age} SECOND`;
  await fixture.database.execute(
    `INSERT INTO stream_session (stream_id, node_id, user_id, player_id, scopes, ticket_id, connected_at,
       last_heartbeat_at, last_delivered_id, disconnected_at, close_reason, close_requested)
     VALUES (?, 'n', ?, 1, '[]', ?, ${ago(3000)}, ${ago(row.heartbeat ?? row.closed ?? 5)}, 0, ${ago(row.closed)}, ?, ?)`,
    [randomUUID(), row.user ?? ada.userId, ticketId, row.reason ?? null, row.request ?? null],
  );
}

describe('a ticket', () => {
  it('opens a stream for a minute, as its user and for its scopes, until the token ends', async () => {
    const issued = await auth.tickets.issue(identity, ['player:7', 'global', 'global']);
    expect(issued).toMatchObject({ scopes: ['player:7', 'global'], expiresAt: new Date(started + 60_000) });
    now += 59_000;
    const holder = await open(issued.ticket);
    expect(holder).toMatchObject({ ...ada, issuedAt: identity.issuedAt, expiresAt: identity.expiresAt });
    expect(holder.ticket?.scopes).toEqual(['player:7', 'global']);
  });

  it('opens nothing after its time', async () => {
    const { ticket } = await auth.tickets.issue(identity, ['global']);
    now += 66_000;
    await expect(open(ticket)).rejects.toMatchObject(refused);
  });

  it('is good for streams alone: not where they are not asked for, not to change anything', async () => {
    const { ticket } = await auth.tickets.issue(identity, ['global']);
    await expect(auth.authenticate(withTicket(ticket))).rejects.toMatchObject(refused);
    const post = request({ path: `/notifications/read?ticket=${ticket}`, method: 'POST' });
    await expect(auth.authenticate(post, { tickets: true })).rejects.toMatchObject(refused);
  });

  it('never outlives its token', async () => {
    now = identity.expiresAt.getTime() - 10_000;
    const issued = await auth.tickets.issue(identity, ['global']);
    expect(issued.expiresAt).toEqual(identity.expiresAt);
    now += 11_000;
    await expect(open(issued.ticket)).rejects.toMatchObject(refused);
  });

  it('is not given for a ticket, nor to a service', async () => {
    const { ticket } = await auth.tickets.issue(identity, ['global']);
    await expect(auth.tickets.issue(await open(ticket), ['player:7'])).rejects.toMatchObject({
      code: 'forbidden',
    });
    const keys = deriveKeys({ secret: SECRET, liveSecret: undefined });
    const service = await auth.authenticate(
      bearer(await mintServiceToken(keys.service, 'platform', { now })),
    );
    await expect(auth.tickets.issue(service, ['global'])).rejects.toMatchObject({ code: 'forbidden' });
  });

  it('fits into a URL with all the scopes it may have', async () => {
    const many = Array.from(
      { length: 120 },
      (_, n) => `contest:${9_000_000_000_000_000 + n}:leaderboard` as const,
    );
    const { ticket } = await auth.tickets.issue(identity, many);
    expect(ticket.length).toBeLessThan(8192);
    expect((await open(ticket)).ticket?.scopes).toEqual(many);
    await expect(auth.tickets.issue(identity, [])).rejects.toMatchObject({ code: 'invalid-scope' });
    const more = many.flatMap((scope) => [scope, `${scope.slice(0, -12)}` as Scope]);
    const { options } = await auth.tickets.issue(identity, more).then(
      () => expect.unreachable(),
      (error: Problem) => error,
    );
    const fewer = more.slice(0, options.limit);
    expect(fewer.length).toBeGreaterThan(100);
    expect((await auth.tickets.issue(identity, fewer)).ticket.length).toBeLessThan(8192);
  });

  it.each(['', 'x', 'a.b.c', 'undefined'])('cannot be %j', async (text) => {
    await expect(open(text)).rejects.toMatchObject(refused);
  });

  it('cannot be given twice', async () => {
    const { ticket } = await auth.tickets.issue(identity, ['global']);
    const twice = request({ path: `/streams/global?ticket=${ticket}&ticket=${ticket}` });
    await expect(auth.authenticate(twice, { tickets: true })).rejects.toMatchObject(refused);
  });

  it('is refused when it is larger than 8 KiB, however well signed', async () => {
    const { ticket: key } = deriveKeys({ secret: SECRET, liveSecret: undefined });
    const { iat, exp } = { iat: now / 1000, exp: now / 1000 + 60 };
    const claims = { jti: randomUUID(), sub: `${ada.userId}`, scopes: ['global'], auth: iat, until: exp };
    const sign = (padding: string) => signOwn(AUDIENCES.ticket, key, { ...claims, padding }, { iat, exp });
    await expect(open(await sign('x'))).resolves.toMatchObject(ada);
    await expect(open(await sign('x'.repeat(8192)))).rejects.toMatchObject(refused);
  });

  it('signed with another key is none', async () => {
    const { service } = deriveKeys({ secret: SECRET, liveSecret: undefined });
    const other = createTickets({ key: service, ttlS: 60, now: () => now });
    const { ticket } = await other.issue(identity, ['global']);
    await expect(open(ticket)).rejects.toMatchObject(refused);
  });
});

describe('a ticket after its time', () => {
  let ticket: string;
  let id: string;
  beforeEach(async () => {
    ({ ticket } = await auth.tickets.issue(identity, ['global']));
    ({ id } = await auth.tickets.read(ticket));
    now += 600_000;
  });

  it('reopens a stream that is still taken to be open', async () => {
    await session(id, { heartbeat: 10 });
    await expect(open(ticket)).resolves.toMatchObject({ ticket: { id } });
  });

  it('reopens a stream that its killed node left open, as long as its last heartbeat is recent', async () => {
    await session(id, { heartbeat: 170 });
    await expect(open(ticket)).resolves.toMatchObject({ ticket: { id } });
  });

  it('does not reopen one whose last heartbeat is long ago', async () => {
    await session(id, { heartbeat: 190 });
    await expect(open(ticket)).rejects.toMatchObject(refused);
  });

  it.each(['gone', 'slow', 'shutdown', 'rotated', 'replaced', undefined])(
    'reopens a stream that was closed (%s) within two minutes',
    async (reason) => {
      await session(id, { closed: 110, ...(reason ? { reason } : {}) });
      await expect(open(ticket)).resolves.toMatchObject({ ticket: { id } });
    },
  );

  it('does not reopen one that was closed longer ago', async () => {
    await session(id, { closed: 125, reason: 'gone' });
    await expect(open(ticket)).rejects.toMatchObject(refused);
  });

  it.each(['revoked', 'disconnected', 'expired'])(
    'does not reopen one that was closed for good (%s)',
    async (reason) => {
      await session(id, { closed: 1, reason });
      await expect(open(ticket)).rejects.toMatchObject(refused);
    },
  );

  it('does not get around a revoked stream by an older one', async () => {
    await session(id, { closed: 60, reason: 'gone' });
    await session(id, { closed: 1, reason: 'revoked' });
    await expect(open(ticket)).rejects.toMatchObject(refused);
  });

  it.each(['revoked', 'disconnected', 'expired'])(
    'does not reopen a stream that is about to be %s',
    async (request) => {
      await session(id, { heartbeat: 1, request });
      await expect(open(ticket)).rejects.toMatchObject(refused);
    },
  );

  it("does not reopen by another user's session, or another ticket's", async () => {
    await session(id, { heartbeat: 1, user: ada.userId + 1 });
    await session(randomUUID(), { heartbeat: 1 });
    await expect(open(ticket)).rejects.toMatchObject(refused);
  });

  it('reopens nothing once the token behind it has ended', async () => {
    await session(id, { heartbeat: 1 });
    now = identity.expiresAt.getTime();
    await expect(open(ticket)).rejects.toMatchObject(refused);
  });
});

describe('a ticket in its time', () => {
  it.each([
    { closed: 1, reason: 'revoked' },
    { closed: 1, reason: 'disconnected' },
    { heartbeat: 1, request: 'disconnected' },
  ])('is ended by the end of its stream (%o)', async (row) => {
    const { ticket } = await auth.tickets.issue(identity, ['global']);
    await session((await auth.tickets.read(ticket)).id, row);
    await expect(open(ticket)).rejects.toMatchObject(refused);
  });

  it('is ended by a ban and by a revocation of all tokens', async () => {
    for (const [end, problem] of [
      [
        (userId: number) =>
          fixture.database.execute("UPDATE users SET status = 'BANNED' WHERE id = ?", [userId]),
        'account-blocked',
      ],
      [(userId: number) => auth.revocations.revoke(userId), 'ticket-invalid'],
    ] as const) {
      const { userId } = await createPlayer(fixture.database);
      const token = await mintPlatformToken(SECRET, userId, { now: started });
      const { ticket } = await auth.tickets.issue(await auth.authenticate(bearer(token)), ['global']);
      await expect(open(ticket)).resolves.toMatchObject({ userId });
      await end(userId);
      auth.users.forget(userId);
      await expect(open(ticket)).rejects.toMatchObject({ code: problem });
    }
  });
});
