import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';

/** The JSON schemas of the specification. */
export interface Specification {
  /** What is wrong with a line of a feed; nothing where the schemas are not at hand. */
  faultsOf(line: string): string[];
  /** What is wrong with an object of a type; nothing where the schemas are not at hand. */
  faultsIn(type: string, object: unknown): string[];
}

/** Schema of the objects of each type. */
const FILES: Readonly<Record<string, string>> = {
  contest: 'contest',
  'judgement-types': 'judgement-type',
  languages: 'language',
  problems: 'problem',
  teams: 'team',
  submissions: 'submission',
  judgements: 'judgement',
  awards: 'award',
  state: 'state',
};

/**
 * Opens the specification's own JSON schemas: the folder `json-schema` of version 2023-06, named by `CLICS_SCHEMAS`. They are not in
 * this repository, since they come without a licence. Properties that a schema does not know are faults.
 */
export function openSpecification(folder = process.env.CLICS_SCHEMAS): Specification {
  if (folder === undefined) return { faultsOf: () => [], faultsIn: () => [] };
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  const ids = new Map<string, string>();
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const text = readFileSync(join(folder, file), 'utf8');
    const strict = text.replaceAll(
      '"$comment": "ANCHOR_TO_INSERT_REQUIRE_STRICT_PROPERTIES"',
      '"additionalProperties": false',
    );
    const schema = JSON.parse(strict) as { readonly $id: string };
    ids.set(file, schema.$id);
    ajv.addSchema(schema);
  }
  const faultsOf = (file: string, data: unknown) => {
    const validate = ajv.getSchema(ids.get(`${file}.json`) ?? '');
    if (!validate) return [`the specification has no ${file}.json`];
    return validate(data) ? [] : [`${file}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(data)}`];
  };
  return {
    faultsIn: (type, object) => faultsOf(FILES[type] ?? type, object),
    faultsOf(line) {
      const parsed = JSON.parse(line) as { type: string; data: unknown };
      const objects = Array.isArray(parsed.data) ? parsed.data : [parsed.data];
      return [
        ...faultsOf('event-feed', parsed),
        ...objects
          .filter((one) => one !== null)
          .flatMap((one) => faultsOf(FILES[parsed.type] ?? parsed.type, one)),
      ];
    },
  };
}
