import { type RefObject, useEffect, useRef, useState } from 'react';
import { placePanel } from './panel-place.ts';

/** Max width of the panel, rem; the same as in the style sheet. */
const WIDTH_REM = 26;

/**
 * Connects a button with a popover and keeps the popover within the window while it is open. It uses the DOM directly,
 * because React 18 lacks the attributes and events of popovers, and browsers centre them.
 *
 * @param onOpen called on each opening
 * @returns whether the popover is open
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
    const place = () => moveBeside(popover, opener);
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
    const place = () => moveBeside(popover, opener);
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

function moveBeside(panel: HTMLElement, button: HTMLElement): void {
  const { documentElement } = document;
  const { clientWidth } = documentElement;
  const usual = WIDTH_REM * Number.parseFloat(getComputedStyle(documentElement).fontSize);
  // The panel has no width before it is shown.
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
