import { unexpectedAnswer } from './live-error.ts';

/**
 * Checks that an answer has these fields, as the service's own has.
 * @throws LiveError `unexpected-answer`
 */
export function holding<T>(answer: Promise<T>, ...fields: readonly (keyof T & string)[]): Promise<T> {
  return answer.then((body) => {
    if (fields.every((field) => body?.[field] !== undefined)) return body;
    throw unexpectedAnswer();
  });
}
