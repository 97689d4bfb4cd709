import type { Mode } from '../protocol/enums.ts';

/** Domain of every demo user's address, and of no other (RFC 2606 § 3). */
export const DEMO_DOMAIN = 'demo.codecraft.example';

export interface Staff {
  readonly name: string;
  readonly role: 'ADMIN' | 'COMPANY';
}

export interface CastPlayer {
  readonly name: string;
  /** At the start of a season. */
  readonly xp: number;
  readonly streakDays: number;
  readonly mode: Mode;
  /** From here on: at the start of a round of the live contest. */
  readonly solved: number;
  readonly accuracy: number;
  readonly penaltyMins: number;
  readonly lastSolvedMinsAgo: number;
}

export const STAFF: readonly Staff[] = [
  { name: 'Rosa Delgado', role: 'ADMIN' },
  { name: 'Acme Robotics', role: 'COMPANY' },
];

export const PLAYERS: readonly CastPlayer[] = [
  player('Mara Lindqvist', 12_450, 9, 'PRECISION', [2, 46.5, 8, 31]),
  player('Tomás Ferreira', 6_200, 3, 'GRINDER', [1, 22, 15, 44]),
  player('Aiko Tanaka', 33_900, 41, 'LEGEND', [3, 38.25, 12, 12]),
  player('Kwame Mensah', 2_950, 1, 'GRINDER', [1, 18.75, 4, 52]),
  player('Priya Raman', 21_300, 17, 'PRECISION', [2, 30, 21, 19]),
  player('Jonas Weber', 4_150, 0, 'PRECISION', [1, 9.5, 2, 27]),
  player('Ada Okafor', 7_350, 12, 'LEGEND', [2, 41, 5, 23]),
  player('Léa Moreau', 950, 2, 'GRINDER', [1, 12, 19, 38]),
];

/** Player whose stream the quickstart shows. */
export const PROTAGONIST = 'Ada Okafor';

/** `Tomás Ferreira` → `tomas.ferreira@…`. */
export function emailOf(name: string): string {
  const plain = name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z]+/g, '.');
  return `${plain}@${DEMO_DOMAIN}`;
}

function player(
  name: string,
  xp: number,
  streakDays: number,
  mode: CastPlayer['mode'],
  [solved, accuracy, penaltyMins, lastSolvedMinsAgo]: readonly [number, number, number, number],
): CastPlayer {
  return { name, xp, streakDays, mode, solved, accuracy, penaltyMins, lastSolvedMinsAgo };
}
