import { Problem } from '../protocol/problem.ts';
import { Keeper, type KeeperOptions } from './leaderboard-publisher.ts';

/** Publishes what became of a board that nobody looks after, unless somebody else does so at this moment. */
export async function reviewBoard(options: KeeperOptions, contestId: number): Promise<void> {
  try {
    const keeper = await Keeper.load(options, contestId);
    await keeper?.update('all');
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'superseded')) throw error;
  }
}
