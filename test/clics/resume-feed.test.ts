import { describe, expect, it } from 'vitest';
import { prepareResume } from '../../src/clics/resume-feed.ts';
import { Terms } from '../../src/log/terms.ts';

const FIRST = new Terms([{ number: 1, word: 'aaaa', firstId: 1 }]);
const SECOND = FIRST.with({ number: 2, word: 'bbbb', firstId: 11 });

/** Node that knows `terms`, and after it has waited for other nodes `reached`. */
function node(terms: Terms, reached = terms) {
  let present = terms;
  return {
    terms: () => present,
    async reach() {
      present = reached;
    },
  };
}
const refused = { code: 'invalid-query' };

describe('The resumption of a feed', () => {
  it('brings the changes since a token of the same term and audience', async () => {
    for (const audience of ['shown', 'real'] as const) {
      const resume = await prepareResume(`9-aaaa-${audience}`, audience, node(FIRST));
      expect(resume({ head: 20, term: 'aaaa' })).toEqual({ after: 9, term: 'aaaa' });
    }
    expect((await prepareResume(undefined, 'shown', node(FIRST)))({ head: 20, term: 'aaaa' })).toBe('lines');
  });

  it('brings everything where the log has gone on in another term: what followed the token may be lost', async () => {
    const resume = await prepareResume('9-aaaa-shown', 'shown', node(SECOND));
    expect(resume({ head: 20, term: 'bbbb' })).toBe('collections');
  });

  it('waits for a term that another node has begun, instead of refusing its tokens', async () => {
    const resume = await prepareResume('15-bbbb-shown', 'shown', node(FIRST, SECOND));
    expect(resume({ head: 20, term: 'bbbb' })).toEqual({ after: 15, term: 'bbbb' });
  });

  it('brings everything where the token is of the other audience, or of none', async () => {
    for (const [token, audience] of [
      ['9-aaaa-real', 'shown'],
      ['9-aaaa-shown', 'real'],
      ['9-aaaa', 'shown'],
    ] as const) {
      const resume = await prepareResume(token, audience, node(FIRST));
      expect(resume({ head: 20, term: 'aaaa' })).toBe('collections');
    }
  });

  it('refuses what is no token, and tokens that the log does not have', async () => {
    for (const token of ['', 'x', '9', '9-aaaa-', '9-aaaa-other', '-aaaa-real', '09-aaaa-real'])
      await expect(prepareResume(token, 'real', node(FIRST))).rejects.toMatchObject(refused);
    for (const token of ['9-real', '9-zzzz-shown', '21-aaaa-shown', '11-aaaa-shown']) {
      const resume = await prepareResume(token, 'shown', node(SECOND));
      expect(() => resume({ head: 20, term: 'bbbb' })).toThrow(expect.objectContaining(refused));
    }
  });
});
