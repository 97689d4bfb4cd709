import { deriveKeys } from './auth/keys.ts';
import { mintPlatformToken, mintServiceToken } from './auth/mint.ts';
import type { AuthConfig } from './config/config.ts';
import type { Demo } from './demo/demo.ts';

/** Lifetime of the service token, in seconds: that of the player's token. */
const WEEK_S = 7 * 86_400;

/** Text for a developer: URLs of the service, and two commands to paste. Their tokens are valid for this machine's demo only. */
export async function greeting(url: string, auth: AuthConfig, demo: Demo): Promise<string> {
  const player = await mintPlatformToken(auth.secret ?? '', demo.userId);
  const service = await mintServiceToken(deriveKeys(auth).service, 'quickstart', { lifetimeS: WEEK_S });
  const event = {
    type: 'LEVEL_UP',
    data: { playerId: demo.playerId, oldLevel: 11, newLevel: 12, subRank: 'Silver II' },
  };
  return `
  CodeCraft Live is running at ${url}

  Open it to watch a contest. Frames as they arrive: ${url}/debug
  The API, to browse and to try: ${url}/docs · state of the nodes: ${url}/ops

  Watch what ${demo.playerName} sees (the demo publishes something every few seconds):

curl -N '${url}/streams?scope=player:me&scope=contest:${demo.contestId}' -H 'Authorization: Bearer ${player}'

  Publish a level-up to it, from another terminal:

curl '${url}/events' -H 'Authorization: Bearer ${service}' -H 'Content-Type: application/json' -d '${JSON.stringify(event)}'

`;
}
