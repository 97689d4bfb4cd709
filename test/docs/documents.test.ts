import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONTROL_NAMES, EVENT_NAMES } from '../../src/client/event-names.ts';
import { VARIABLES } from '../../src/config/variables.ts';
import { TRIGGERS } from '../../src/platform/triggers/all.ts';
import { CATALOGUE } from '../../src/protocol/catalogue.ts';
import { CLOSE_REASONS } from '../../src/protocol/control.ts';
import { EVENT_TYPES, eventName, isEventType } from '../../src/protocol/event.ts';
import { naturalKeyOf } from '../../src/protocol/natural-key.ts';
import { PROBLEMS } from '../../src/protocol/problem.ts';
import { SCOPE_KINDS, scopes } from '../../src/protocol/scope.ts';
import { dataOf } from '../support/arbitrary-events.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...['docs', 'examples'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => `${folder}/${name}`),
  ),
];

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const withoutCode = (text: string) => text.replace(/^```[\s\S]*?^```/gm, '');

/** A test as documents cite it: `test/room/file.test.ts` "title", "another title". */
const CITATION = /`(test\/[\w./-]+\.ts)`((?:,?\s+"[^"]+")*)/g;

/** Citations of tests or titles that do not exist. */
function brokenCitations(document: string): string[] {
  return [...read(document).matchAll(CITATION)].flatMap(([, file, quoted]) => {
    if (!existsSync(join(ROOT, file as string))) return [`${file} does not exist`];
    // Titles are in the source as literals, whatever quotes these have.
    const source = read(file as string).replaceAll("\\'", "'");
    const titles = [...(quoted ?? '').matchAll(/"([^"]+)"/g)].map(([, title]) =>
      (title as string).replace(/\s+/g, ' '),
    );
    return titles
      .filter((title) => !["'", '"', '`'].some((quote) => source.includes(quote + title + quote)))
      .map((title) => `${file} has no test "${title}"`);
  });
}

/** Files that a document names and that are not there: targets of links, and paths in code spans. */
function missingFiles(document: string): string[] {
  const text = withoutCode(read(document));
  const linked = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
    .map(([, target]) => target as string)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => join(dirname(document), target));
  const named = [...text.matchAll(/`((?:src|test|docs|examples|bench|deploy|drizzle)\/[\w./-]*)`/g)].map(
    ([, path]) => path as string,
  );
  return [...linked, ...named].filter((path) => !existsSync(join(ROOT, path)));
}

/** Of these words, those that a document does not have in a code span. */
function unmentioned(document: string, words: readonly string[]): string[] {
  const text = read(document);
  return words.filter((word) => !text.includes(`\`${word}\``));
}

describe.each(DOCUMENTS)('%s', (document) => {
  it('cites tests that exist, by titles that they have', () => {
    expect(brokenCitations(document)).toEqual([]);
  });

  it('names files that exist', () => {
    expect(missingFiles(document)).toEqual([]);
  });
});

describe('docs/protocol.md', () => {
  const lacks = (words: readonly string[]) => unmentioned('docs/protocol.md', words);

  it('has every event of a stream', () => {
    expect(lacks([...CONTROL_NAMES, ...EVENT_NAMES])).toEqual([]);
    expect(lacks(EVENT_TYPES)).toEqual([]);
    expect([...EVENT_NAMES].sort()).toEqual(EVENT_TYPES.map(eventName).sort());
  });

  it('has every reason for which a stream is closed', () => {
    expect(lacks(Object.keys(CLOSE_REASONS))).toEqual([]);
  });

  it('has every problem with its status', () => {
    const text = read('docs/protocol.md');
    const rows = Object.entries(PROBLEMS).filter(
      ([code, [status]]) => !new RegExp(`^\\| \`${code}\` +\\| ${status} `, 'm').test(text),
    );
    expect(rows.map(([code]) => code)).toEqual([]);
  });

  it('has every kind of scope', () => {
    const spelling = (kind: (typeof SCOPE_KINDS)[number]) => {
      const scope = scopes[kind];
      return typeof scope === 'string' ? scope : scope(0).replace('0', '{id}');
    };
    expect(lacks(SCOPE_KINDS.map(spelling))).toEqual([]);
  });

  it('has every route', () => {
    const text = read('docs/protocol.md');
    const routes = readdirSync(join(ROOT, 'src/http'))
      .flatMap((file) => [...read(`src/http/${file}`).matchAll(/^ +\w+: ['`](\/[^'`$]*)/gm)])
      .map(([, path]) => path as string)
      .filter((path) => !path.startsWith('/demo/'));
    expect(routes.length).toBeGreaterThan(15);
    // A path that ends in a slash is one of several, by a word that the source fills in.
    const named = (path: string) =>
      path.endsWith('/')
        ? text.includes(` ${path}`)
        : ['`', '?', ' '].some((end) => text.includes(` ${path}${end}`));
    expect(routes.filter((path) => !named(path))).toEqual([]);
  });
});

describe('docs/publishing.md', () => {
  const open = EVENT_TYPES.filter((type) => !CATALOGUE[type].internal);

  it('has every type that callers may publish', () => {
    expect(unmentioned('docs/publishing.md', open)).toEqual([]);
  });

  it('has the natural key of every type that has one', () => {
    const keyed = open.filter((type) =>
      fc
        .sample(dataOf[type] as fc.Arbitrary<never>, 100)
        .some((data) => naturalKeyOf(type, data) !== undefined),
    );
    const [, table = ''] = read('docs/publishing.md').split('| natural key');
    expect(keyed.filter((type) => !table.includes(`\n| \`${type}\``))).toEqual([]);
  });

  it('has every type that triggers publish', () => {
    const [, section = ''] = read('docs/publishing.md').split('## Triggers');
    const types = new Set(TRIGGERS.flatMap(({ writes }) => writes).filter(isEventType));
    expect([...types].filter((type) => !section.includes(`\`${type}\``))).toEqual([]);
  });
});

describe('docs/operating.md', () => {
  it('has every variable', () => {
    expect(unmentioned('docs/operating.md', Object.keys(VARIABLES.shape))).toEqual([]);
  });

  it('has every leader task', () => {
    const tasks = readdirSync(join(ROOT, 'src/service')).flatMap((file) => {
      const [, list = ''] = /^ +leaderTasks: \[$([\s\S]*?)^ {4}\],$/m.exec(read(`src/service/${file}`)) ?? [];
      return [...list.matchAll(/name: '([^']+)'/g)].map(([, name]) => name as string);
    });
    expect(tasks.length).toBeGreaterThan(8);
    const [sentence = ''] = /^- Leader tasks \([^)]+\)/m.exec(read('docs/operating.md')) ?? [];
    expect(tasks.filter((name) => !sentence.replace(/\s+/g, ' ').includes(name))).toEqual([]);
  });

  it('has every metric of the service', () => {
    const metrics = read('src/http/metrics.ts').matchAll(/'(live_[a-z_]+)'/g);
    expect(
      unmentioned(
        'docs/operating.md',
        [...metrics].map(([, name]) => name as string),
      ),
    ).toEqual([]);
  });
});

describe('examples/README.md', () => {
  it('has every example, each of which names the test that runs it', () => {
    const examples = readdirSync(join(ROOT, 'examples')).filter((name) => name !== 'README.md');
    expect(unmentioned('examples/README.md', examples)).toEqual([]);
    const unproven = examples.filter(
      (name) => !/`test\/[\w/-]+\.test\.ts` runs this file/.test(read(`examples/${name}`)),
    );
    expect(unproven).toEqual([]);
  });
});

describe('README.md', () => {
  it('is at most 150 lines long', () => {
    expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  });
});
