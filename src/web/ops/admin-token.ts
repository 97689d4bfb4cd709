import { ProblemError, requestJson } from '../shared/service.ts';
import { readStored, writeStored } from '../shared/storage.ts';
import { tokenOf } from '../shared/viewer.ts';

const KEY = 'codecraft-live:operator';

/** The admin's token, stored for the tab and apart from the arena's viewer. */
export function storedAdminToken(): string | undefined {
  return readStored('session', KEY);
}

export function storeAdminToken(token: string | undefined): void {
  writeStored('session', KEY, token);
}

/** Checks that a pasted token is an admin's. @throws Error with a message to show */
export async function checkAdminToken(pasted: string): Promise<string> {
  const token = tokenOf(pasted);
  try {
    await requestJson('sessions?limit=1', { headers: { authorization: `Bearer ${token}` } });
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'forbidden')
      throw new Error('This is not the token of an admin.');
    throw error;
  }
  return token;
}
