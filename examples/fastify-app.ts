/**
 * A Fastify application with live events: one publisher for all routes, closed with the application.
 * `test/examples/fastify.test.ts` runs this file.
 */
import { createPublisher, type Publisher } from 'codecraft-live/publisher';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Pool, RowDataPacket } from 'mysql2/promise';

declare module 'fastify' {
  interface FastifyInstance {
    readonly live: Publisher;
  }
}

export interface Platform {
  readonly db: Pool;
  /** The player who sent a request, as the login knows it. */
  readonly playerOf: (request: FastifyRequest) => { readonly playerId: number; readonly playerName: string };
  /** The address of CodeCraft Live, and a service token (`codecraft-live token --service platform`). */
  readonly live: { readonly url: string; readonly token: string };
}

/** The application; it listens to nothing yet. */
export function createApplication({ db, playerOf, live }: Platform): FastifyInstance {
  const app = fastify();
  app.decorate('live', createPublisher(live));
  // Runs after the last request was answered. What the publisher still holds is sent first, for 5 s at most.
  app.addHook('onClose', () => app.live.close());

  app.post<{ Params: { contestId: number } }>(
    '/contests/:contestId/participants',
    { schema: { params: { type: 'object', properties: { contestId: { type: 'integer', minimum: 1 } } } } },
    async (request, reply) => {
      const { contestId } = request.params;
      const player = playerOf(request);
      const [contests] = await db.query<RowDataPacket[]>('SELECT title FROM contest WHERE id = ?', [
        contestId,
      ]);
      const [contest] = contests as { title: string }[];
      if (contest === undefined) return reply.code(404).send({ error: 'There is no such contest.' });
      await db.query('INSERT IGNORE INTO contest_participant (contest_id, player_id) VALUES (?, ?)', [
        contestId,
        player.playerId,
      ]);
      // Nothing is awaited and nothing throws. The key names the join, so a second request publishes nothing.
      app.live.contestJoined({ contestId, contestTitle: contest.title, players: [player] });
      return reply.code(201).send({ contestId });
    },
  );

  return app;
}
