import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FeedHistory } from '../../src/clics/feed-history.ts';

/** A database with one value and a log. */
interface World {
  value: number;
  head: number;
}

/** A node that reads the value, and follows the log at its own pace. */
class Node {
  watermark = 0;
  value = 0;
  history: FeedHistory | undefined;
  readonly values = new Map<number, number>();
  #token = 0;

  follow(world: World): void {
    this.watermark = world.head;
  }

  begin(): void {
    this.#token = this.watermark;
  }

  /** Reads the value; what happens before the end of the log is read is up to the caller. */
  finish(world: World, value: number): void {
    const changed = value !== this.value;
    this.value = value;
    if (!this.history) {
      this.history = new FeedHistory(world.head);
      return;
    }
    if (!changed) return;
    this.values.set(this.history.next, value);
    this.history.push([{ type: 'state', id: null, json: String(value) }], String(this.#token), world.head);
  }

  get token(): number {
    return this.#token;
  }
}

const step = fc.oneof(
  fc.constant({ kind: 'change' as const }),
  fc.constant({ kind: 'append' as const }),
  fc.record({ kind: fc.constant('follow' as const), node: fc.integer({ min: 0, max: 1 }) }),
  fc.record({
    kind: fc.constant('read' as const),
    node: fc.integer({ min: 0, max: 1 }),
    before: fc.nat(2),
    after: fc.nat(2),
  }),
  fc.record({ kind: fc.constant('resume' as const), node: fc.integer({ min: 0, max: 1 }) }),
);

describe('The history of a feed', () => {
  it('lets a client resume on any node, however far each has followed the log, and it misses nothing', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const world: World = { value: 0, head: 0 };
        const nodes = [new Node(), new Node()] as const;
        const client = { token: undefined as number | undefined, value: -1 };
        const advance = (times: number) => {
          for (let i = 0; i < times; i++) {
            world.value++;
            world.head++;
          }
        };
        const read = (node: Node, before: number, after: number) => {
          node.begin();
          advance(before);
          const value = world.value;
          advance(after);
          node.finish(world, value);
        };
        for (const one of steps) {
          if (one.kind === 'change') world.value++;
          else if (one.kind === 'append') world.head++;
          else {
            const node = nodes[one.node] as Node;
            if (one.kind === 'follow') node.follow(world);
            else if (one.kind === 'read') read(node, one.before, one.after);
            else {
              read(node, 0, 0);
              const { history } = node;
              if (!history) throw new Error('nothing was read');
              const first = client.token === undefined ? undefined : history.firstAfter(client.token);
              if (first === undefined) client.value = node.value;
              else
                for (let number = first; number < history.next; number++)
                  client.value = node.values.get(number) ?? Number.NaN;
              client.token = node.token;
              expect(client.value).toBe(world.value);
            }
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps no more of texts whose characters take several bytes', () => {
    const history = new FeedHistory(0);
    const name = `"${'名'.repeat(1024 * 1024)}"`;
    for (let before = 1; before <= 12; before++)
      history.push([{ type: 'teams', id: '7', json: name }], String(before), before);
    const kept = Array.from({ length: 12 }, (_, number) => history.entry(number)).filter((entry) => entry);
    expect(kept.length).toBeLessThanOrEqual(3);
  });

  it('asks for everything where its entries have been dropped', () => {
    const history = new FeedHistory(10);
    const large = `"${'x'.repeat(5 * 1024 * 1024)}"`;
    for (const before of [20, 30, 40])
      history.push([{ type: 'state', id: null, json: large }], String(before), before);
    expect(history.firstAfter(10)).toBeUndefined();
    expect(history.firstAfter(25)).toBeUndefined();
    expect(history.firstAfter(35)).toBe(2);
    expect(history.entry(0)).toBeUndefined();
    expect(history.firstAfter(41)).toBe(3);
  });
});
