import type { z } from 'zod';
import type { FieldError } from './problem.ts';

/** The most fields that an answer names. */
export const MAX_FIELD_ERRORS = 20;
/** What is shown of a field's name, in characters, and of what is wrong with it. */
const MAX_NAME = 64;
const MAX_DETAIL = 300;

/** What a schema found wrong, field by field: the first 20. Parameters as of `fieldErrors`. */
export function fieldErrorsOf(
  issues: readonly z.core.$ZodIssue[],
  at: string,
  surplus: string,
): FieldError[] {
  const found: FieldError[] = [];
  for (const issue of issues) {
    found.push(...fieldErrors(issue, at, surplus));
    if (found.length >= MAX_FIELD_ERRORS) return found.slice(0, MAX_FIELD_ERRORS);
  }
  return found;
}

/**
 * What a schema found wrong, field by field; of unknown fields the first 20.
 *
 * @param at JSON pointer to what was validated
 * @param surplus detail of the error of a field that the schema lacks
 */
function fieldErrors(issue: z.core.$ZodIssue, at: string, surplus: string): FieldError[] {
  const pointer = at + issue.path.map((part) => `/${escapePointer(String(part))}`).join('');
  if (issue.code === 'unrecognized_keys')
    return issue.keys
      .slice(0, MAX_FIELD_ERRORS)
      .map((key) => ({ pointer: `${pointer}/${escapePointer(key)}`, detail: surplus }));
  if (issue.code === 'invalid_union') {
    // Of several forms only the errors of the one that was meant help.
    const [meant, ...others] = issue.errors.filter((branch) => !branch.some(isAnotherForm));
    if (meant && others.length === 0) return fieldErrorsOf(meant, pointer, surplus);
  }
  return [{ pointer, detail: shortened(issue.message, MAX_DETAIL) }];
}

/** For example a list where one object was expected. */
function isAnotherForm({ code, path }: z.core.$ZodIssue): boolean {
  return code === 'invalid_type' && path.length === 0;
}

/** RFC 6901 § 3. */
function escapePointer(part: string): string {
  return shortened(part, MAX_NAME).replaceAll('~', '~0').replaceAll('/', '~1');
}

function shortened(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
