/** The demo data that a visitor may be shown. A type of its own: the package's root exports it, without the database. */
export interface Demo {
  /** The player whose stream is worth watching: `users.id`, and the different `player.id`. */
  readonly userId: number;
  readonly playerId: number;
  readonly playerName: string;
  readonly adminUserId: number;
  /** The live contest, its first problem, and how many take part. */
  readonly contestId: number;
  readonly contestTitle: string;
  readonly problemIds: readonly number[];
}
