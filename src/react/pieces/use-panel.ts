import { type RefObject, useEffect, useRef, useState } from 'react';
import { placePanel } from './panel-place.ts';

/** As the style sheet has it: as wide as this where there is room, in rem. */
const WIDTH_REM = 26;

/**
 * Makes one element the button of another, a popover, and keeps that within the window while it is open. By hand: React 18
 * knows neither the attributes nor the events of popovers, and browsers place them in the middle.
 *
 * @param onOpen called each time it opens
 * @returns whether it is open
 */
export function usePanel(
  button: RefObject<HTMLElement | null>,
  panel: RefObject<HTMLElement | null>,
  onOpen: () => void,
): boolean {
  const [open, setOpen] = useState(false);
  const opened = useRef(onOpen);
  useEffect(() => {
    opened.current = onOpen;
  });

  useEffect(() => {
    const [opener, popover] = [button.current, panel.current];
    if (opener === null || popover === null) return;
    opener.setAttribute('popovertarget', popover.id);
    const place = () => move(popover, opener);
    const toggled = (event: Event) => {
      const isOpen = (event as ToggleEvent).newState === 'open';
      setOpen(isOpen);
      if (isOpen) opened.current();
    };
    popover.addEventListener('beforetoggle', place);
    popover.addEventListener('toggle', toggled);
    return () => {
      popover.removeEventListener('beforetoggle', place);
      popover.removeEventListener('toggle', toggled);
    };
  }, [button, panel]);

  useEffect(() => {
    const [opener, popover] = [button.current, panel.current];
    if (!open || opener === null || popover === null) return;
    const place = () => move(popover, opener);
    place();
    const scrolled = { capture: true, passive: true } as const;
    window.addEventListener('resize', place);
    window.addEventListener('scroll', place, scrolled);
    return () => {
      window.removeEventListener('resize', place);
      window.removeEventListener('scroll', place, scrolled);
    };
  }, [open, button, panel]);

  return open;
}

function move(panel: HTMLElement, button: HTMLElement): void {
  const { documentElement } = document;
  const { clientWidth } = documentElement;
  const usual = WIDTH_REM * Number.parseFloat(getComputedStyle(documentElement).fontSize);
  // Before it is shown it has no width.
  const width = panel.offsetWidth || Math.min(usual, clientWidth);
  const place = placePanel(button.getBoundingClientRect(), width, {
    width: clientWidth,
    height: window.innerHeight,
  });
  const set = (name: string, value: number | undefined) =>
    panel.style.setProperty(`--ccl-panel-${name}`, value === undefined ? 'auto' : `${value}px`);
  set('left', place.left);
  set('top', place.top);
  set('bottom', place.bottom);
  set('height', place.maxHeight);
}
