import type { Connection, RowDataPacket } from 'mysql2/promise';
import { listDefinitions } from '../../db/definitions.ts';
import { readColumns } from '../tables/create.ts';
import { compatibleProcedure, innerName, isCompatible } from './compatible-procedures.ts';
import { planCompatibleTables } from './compatible-tables.ts';
import { compatibleView } from './compatible-views.ts';
import { readKeptShapes } from './keep-definitions.ts';
import { type OldParameter, readColumnNames, readParameters } from './old-shapes.ts';

/** Part of the schema that gets the shape that the Socket.IO layer expects, and the statements for it. */
export interface CompatibilityStep {
  /** `the view v_contest_leaderboard`. */
  readonly what: string;
  readonly statements: readonly string[];
}

/**
 * Plans what an adopted database lacks for a Socket.IO layer that is still loaded in the platform: tables, columns, and the
 * signatures and columns of the old procedures and views. Nothing where there is none of these. Changes nothing.
 */
export async function planCompatibility(connection: Connection): Promise<CompatibilityStep[]> {
  const tables = await planCompatibleTables(connection);
  const steps: CompatibilityStep[] =
    tables.length === 0 ? [] : [{ what: 'the tables that it writes to', statements: tables }];
  const shapes = await readKeptShapes(connection);
  if (shapes.length === 0) return steps;
  const definitions = new Map(listDefinitions().map((definition) => [definition.name, definition]));
  const platform = await readColumns(connection);
  for (const { kind, name, shape } of shapes) {
    const definition = definitions.get(name);
    if (definition === undefined) continue;
    const what = `the ${kind} ${name}`;
    if ('columns' in shape) {
      const own = await readColumnNames(connection, name);
      if (own.length > 0 && shape.columns.some((column) => !own.includes(column)))
        steps.push({ what, statements: [compatibleView(definition, shape.columns, own, platform)] });
    } else if (shape.parameters.length > 0 && !isCompatible(name, shape.parameters)) {
      const own = await readParameters(connection, name);
      if (modes(own) !== modes(shape.parameters) || !(await hasProcedure(connection, innerName(name))))
        steps.push({ what, statements: compatibleProcedure(definition, shape.parameters) });
    }
  }
  return steps;
}

const modes = (parameters: readonly OldParameter[]): string => parameters.map(({ mode }) => mode).join();

async function hasProcedure(connection: Connection, name: string): Promise<boolean> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT 1 FROM information_schema.ROUTINES
      WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = 'PROCEDURE' AND ROUTINE_NAME = ?`,
    [name],
  );
  return rows.length > 0;
}
