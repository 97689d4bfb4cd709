import { z } from '@hono/zod-openapi';

/** Schema of the headers of a conditional request. */
export const conditionalHeaders = z.object({
  'if-none-match': z.string().optional().openapi({ description: '`ETag` of the response that you have.' }),
});

/** Whether `If-None-Match` names this entity tag: weak comparison (RFC 9110 § 13.1.2). */
export function matchesTag(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((tag) => ['*', etag, `W/${etag}`].includes(tag.trim()));
}
