import type { Locator, Page } from 'playwright-core';

/** How many elements and texts the page consists of. */
export const nodeCount = (page: Page): Promise<number> =>
  page.evaluate(() => {
    const walker = document.createTreeWalker(document, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    let nodes = 0;
    while (walker.nextNode()) nodes += 1;
    return nodes;
  });

/** By how many px the page is wider than its window. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

export interface Colours {
  /** Relative luminance (WCAG) of the ground that the text is on, 0 (black) … 1 (white). */
  readonly ground: number;
  /** Contrast of text and ground, 1 … 21. */
  readonly contrast: number;
}

/** The colours in which an element's text is drawn, as the browser paints them. */
export const coloursOf = (element: Locator): Promise<Colours> =>
  element.evaluate((start) => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    if (canvas === null) throw new Error('no canvas');
    const paint = (colours: string[]) => {
      canvas.clearRect(0, 0, 1, 1);
      for (const colour of colours) {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
      }
      return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
    };
    const luminance = (rgb: number[]) => {
      const [r = 0, g = 0, b = 0] = rgb.map((value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const grounds: string[] = [];
    for (let at: Element | null = start; at !== null; at = at.parentElement)
      grounds.unshift(getComputedStyle(at).backgroundColor);
    // Under everything is the canvas, in the scheme of the page.
    const probe = document.createElement('i');
    probe.style.cssText = 'background: Canvas';
    document.documentElement.append(probe);
    grounds.unshift(getComputedStyle(probe).backgroundColor);
    probe.remove();
    const under = luminance(paint(grounds));
    const text = luminance(paint([...grounds, getComputedStyle(start).color]));
    const [dark, bright] = under < text ? [under, text] : [text, under];
    return { ground: under, contrast: (bright + 0.05) / (dark + 0.05) };
  });

/** Where single characters of an element's text are drawn: the left and right edge of each, px. */
export const charactersOf = (element: Locator): Promise<{ text: string; left: number; right: number }[]> =>
  element.evaluate((start) => {
    const walker = document.createTreeWalker(start, NodeFilter.SHOW_TEXT);
    const found: { text: string; left: number; right: number }[] = [];
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const text = node.nodeValue ?? '';
      for (let at = 0; at < text.length; at += 1) {
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        const { left, right } = range.getBoundingClientRect();
        found.push({ text: text.charAt(at), left, right });
      }
    }
    return found;
  });

/** An element's characters as one reads them from left to right. */
export async function seenFromLeft(element: Locator): Promise<string> {
  const characters = await charactersOf(element);
  return characters
    .filter(({ left, right }) => right > left)
    .sort((a, b) => a.left - b.left)
    .map(({ text }) => text)
    .join('');
}
