import type { Restrictions } from '../../src/platform/restrictions.ts';

/** No contest and no player is restricted. */
export const UNRESTRICTED: Restrictions = {
  frozen: new Set(),
  over: new Set(),
  private: new Set(),
  held: new Map(),
};
