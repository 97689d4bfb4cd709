import type { Contest, ContestStatus } from '../../client/api-types.ts';

const STATUS_ORDER: readonly ContestStatus[] = ['LIVE', 'UPCOMING', 'ENDED', 'DRAFT', 'CANCELLED'];

/** Sorts contests: live ones, then upcoming ones by start, then ended ones, the latest first. */
export function sortContests(contests: readonly Contest[]): Contest[] {
  const time = ({ status, startsAt, endsAt }: Contest) => {
    const at = Date.parse((status === 'ENDED' ? endsAt : startsAt) ?? '') || 0;
    return status === 'ENDED' ? -at : at;
  };
  return [...contests].sort(
    (a, b) =>
      STATUS_ORDER.indexOf(a.status) - STATUS_ORDER.indexOf(b.status) || time(a) - time(b) || a.id - b.id,
  );
}
