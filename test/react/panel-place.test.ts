import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placePanel } from '../../src/react/pieces/panel-place.ts';

const WINDOW = { width: 1280, height: 800 };
const at = (left: number, top: number) => ({ left, right: left + 40, top, bottom: top + 40 });

describe('The panel of the bell', () => {
  it('hangs below its button, towards the middle of the window', () => {
    expect(placePanel(at(8, 8), 416, WINDOW)).toEqual({
      left: 8,
      top: 56,
      bottom: undefined,
      maxHeight: 736,
    });
    expect(placePanel(at(1200, 8), 416, WINDOW)).toMatchObject({ left: 824, top: 56 });
  });

  it('stands above it where there is more room', () => {
    const place = placePanel(at(600, 740), 416, WINDOW);
    expect(place).toMatchObject({ top: undefined, bottom: 68, maxHeight: 724 });
  });

  it('never leaves the window, wherever in it the button is', () => {
    const cases = fc.record({
      width: fc.integer({ min: 320, max: 4_000 }),
      height: fc.integer({ min: 320, max: 3_000 }),
      x: fc.double({ min: 0, max: 1, noNaN: true }),
      y: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(cases, ({ width, height, x, y }) => {
        const panel = Math.min(416, width - 16);
        const button = at(x * (width - 40), y * (height - 40));
        const { left, top, bottom, maxHeight } = placePanel(button, panel, { width, height });
        expect(left).toBeGreaterThanOrEqual(0);
        expect(left + panel).toBeLessThanOrEqual(width);
        expect(maxHeight).toBeGreaterThan(100);
        expect((top ?? bottom ?? 0) + maxHeight).toBeLessThanOrEqual(height);
      }),
    );
  });
});
