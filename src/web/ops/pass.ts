import { tokenOf } from '../arena/identity.ts';
import { ask, RefusedError } from '../arena/service.ts';
import { readStored, writeStored } from '../arena/storage.ts';

const KEY = 'codecraft-live:operator';

/** An admin's token stays in its tab, and apart from whoever plays in the arena. */
export function rememberedPass(): string | undefined {
  return readStored('session', KEY);
}

export function rememberPass(token: string | undefined): void {
  writeStored('session', KEY, token);
}

/** A pasted token, once the service took it for an admin's. @throws Error with a sentence that can be shown */
export async function checkPass(pasted: string): Promise<string> {
  const token = tokenOf(pasted);
  try {
    await ask('sessions?limit=1', { headers: { authorization: `Bearer ${token}` } });
  } catch (error) {
    if (error instanceof RefusedError && error.code === 'forbidden')
      throw new Error('This is not the token of an admin.');
    throw error;
  }
  return token;
}
