import type { z } from 'zod';
import type { FieldError } from './problem.ts';

/**
 * What a schema found wrong, field by field.
 *
 * @param at JSON pointer to what was validated
 * @param surplus what is said of a field that the schema does not know
 */
export function fieldErrors(issue: z.core.$ZodIssue, at: string, surplus: string): FieldError[] {
  const pointer = at + issue.path.map((part) => `/${escapePointer(String(part))}`).join('');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ pointer: `${pointer}/${escapePointer(key)}`, detail: surplus }));
  if (issue.code === 'invalid_union') {
    // Of several forms only the one that was meant has something to say.
    const [meant, ...others] = issue.errors.filter((branch) => !branch.some(isAnotherForm));
    if (meant && others.length === 0) return meant.flatMap((inner) => fieldErrors(inner, pointer, surplus));
  }
  return [{ pointer, detail: issue.message }];
}

/** A list where one object was expected, say. */
function isAnotherForm({ code, path }: z.core.$ZodIssue): boolean {
  return code === 'invalid_type' && path.length === 0;
}

/** RFC 6901 § 3. */
function escapePointer(part: string): string {
  return part.replaceAll('~', '~0').replaceAll('/', '~1');
}
