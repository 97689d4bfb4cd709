import type { StoredDefinition } from '../../db/definitions.ts';
import type { OldParameter } from './old-shapes.ts';

/** SQL of a value that a procedure gives to its OUT parameters, from its arguments. */
type OutValue = (args: readonly string[]) => string;

const nothing: OutValue = () => 'NULL';

/** Our procedures with names of the Socket.IO generation: count of their IN parameters, and what OUT parameters get. */
const OURS: Readonly<Record<string, { readonly inputs: number; readonly out: OutValue }>> = {
  sp_log_activity: { inputs: 6, out: () => 'LAST_INSERT_ID()' },
  sp_create_notification: { inputs: 5, out: nothing },
  // The old table had a number per session: 52 bits of its hash, the same for each call.
  sp_register_websocket_session: {
    inputs: 2,
    out: ([, session]) => `CAST(CONV(LEFT(SHA2(${session}, 256), 13), 16, 10) AS UNSIGNED)`,
  },
  sp_disconnect_websocket_session: { inputs: 1, out: nothing },
  sp_get_unbroadcasted_activities: { inputs: 1, out: nothing },
  sp_mark_activities_broadcasted: { inputs: 1, out: nothing },
};

/** Types that a parameter keeps. Any other becomes LONGTEXT. */
const KEPT_TYPE =
  /^(?:tiny|small|medium|big)?int(?:eger)?(?:\(\d+\))?(?: unsigned)?$|^json$|^decimal\(\d+,\d+\)$/i;
const TEXT = 'LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci';

/** Name of our procedure where one with the old parameters takes its place. */
export const innerName = (name: string): string => `live_${name}`;

/** Whether callers with the old parameters can call ours as it is. */
export function isCompatible(name: string, parameters: readonly OldParameter[]): boolean {
  return parameters.every(({ mode }) => mode === 'IN') && parameters.length === OURS[name]?.inputs;
}

/**
 * Makes statements that replace one of our procedures by one with the parameters of the old: it calls ours under another name,
 * and gives OUT parameters their value. Of more IN parameters than ours has, the first are passed; those missing are NULL.
 */
export function compatibleProcedure(
  { name, sql }: Pick<StoredDefinition, 'name' | 'sql'>,
  parameters: readonly OldParameter[],
): string[] {
  const { inputs, out } = OURS[name] ?? { inputs: 0, out: nothing };
  const inner = innerName(name);
  const given = parameters.filter(({ mode }) => mode !== 'OUT').map((one) => quoted(one.name));
  const args = Array.from({ length: inputs }, (_, index) => given[index] ?? 'NULL');
  const list = parameters.map(
    (one) => `${one.mode} ${quoted(one.name)} ${KEPT_TYPE.test(one.type) ? one.type : TEXT}`,
  );
  const sets = parameters
    .filter(({ mode }) => mode !== 'IN')
    .map((one) => `  SET ${quoted(one.name)} = ${out(args)};\n`);
  return [
    `DROP PROCEDURE IF EXISTS \`${inner}\``,
    sql.replace(`\`${name}\``, `\`${inner}\``),
    `DROP PROCEDURE IF EXISTS \`${name}\``,
    `CREATE PROCEDURE \`${name}\`(${list.join(', ')})
MODIFIES SQL DATA
SQL SECURITY INVOKER
BEGIN
  CALL \`${inner}\`(${args.join(', ')});
${sets.join('')}END`,
  ];
}

const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
