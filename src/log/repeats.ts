import { Problem } from '../protocol/problem.ts';
import type { Unit } from './append-statement.ts';
import type { Appended, KnownKey, PendingAppend } from './attempt.ts';

/** Answers repeats, rejects conflicts, and returns the members that still have something to append. */
export function answerRepeats(
  members: readonly PendingAppend[],
  known: ReadonlyMap<string, KnownKey>,
): { answered: boolean; remaining: PendingAppend[] } {
  const remaining: PendingAppend[] = [];
  let answered = false;
  /** Keys that earlier units delete, so that they are no repeats. */
  const released = new Set<string>();
  for (const member of members) {
    let refusal: Problem | undefined;
    for (const [index, unit] of member.units.entries()) {
      if (member.answers[index]) continue;
      const found = unit.keys?.some(({ value }) => released.has(value)) ? undefined : lookUp(unit, known);
      if (found === undefined) for (const key of unit.releases ?? []) released.add(key);
      if (found === undefined) continue;
      answered = true;
      if (found instanceof Problem) refusal ??= found;
      else member.answers[index] = found;
    }
    const repeats = member.answers.some((answer) => answer?.duplicate);
    if (repeats && member.units.some(({ summarises }) => summarises)) refusal ??= new Problem('superseded');
    if (refusal) member.reject(refusal);
    else if (member.answers.every((answer) => answer !== undefined)) member.resolve(member.answers);
    else remaining.push(member);
  }
  return { answered, remaining };
}

/** Answer to a unit; undefined where none of its keys is known. */
function lookUp(unit: Unit, known: ReadonlyMap<string, KnownKey>): Appended | Problem | undefined {
  const keys = unit.keys ?? [];
  const earlier = keys.map(({ value }) => known.get(value));
  const first = earlier.find((key) => key !== undefined);
  if (first === undefined) return undefined;
  const conflict = keys.some(
    ({ fingerprint }, index) => earlier[index]?.fingerprint.equals(fingerprint) === false,
  );
  if (conflict) return new Problem('idempotency-conflict');
  if (earlier.includes(undefined)) return new Problem('superseded');
  const { firstId, term, answer } = first;
  return { firstId, duplicate: true, term: term ?? '', ...(answer === null ? {} : { answer }) };
}
