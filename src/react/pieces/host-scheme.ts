import { type RefObject, useCallback, useRef } from 'react';

/**
 * Ref callback for the outermost element of a piece: while it is mounted, the piece has the colours of the page around it.
 *
 * The style sheet follows the system by itself. Only a page that declares `color-scheme: light` or `dark`, whatever the
 * system prefers, has to be asked: no selector can tell it from a page that declares nothing.
 *
 * @param ref is given the element, too
 */
export function useHostScheme<E extends HTMLElement>(ref?: RefObject<E | null>): (element: E | null) => void {
  const stop = useRef<() => void>(undefined);
  return useCallback(
    (element) => {
      if (ref) ref.current = element;
      stop.current?.();
      stop.current = element === null ? undefined : followHostScheme(element);
    },
    [ref],
  );
}

const FIXED = /^(?:only )?(light|dark)(?: only)?$/;

/** Keeps `data-ccl-scheme` of `element` at what the page around it declares, until the returned function is called. */
function followHostScheme(element: HTMLElement): () => void {
  const { parentElement } = element;
  // Within another piece it is inherited.
  if (parentElement === null || parentElement.closest('.ccl') !== null) return () => {};
  const apply = () => {
    const chosen = parentElement.closest('[data-ccl-scheme]') !== null;
    const declared = chosen ? undefined : FIXED.exec(getComputedStyle(parentElement).colorScheme)?.[1];
    if (declared === undefined) delete element.dataset.cclScheme;
    else if (element.dataset.cclScheme !== declared) element.dataset.cclScheme = declared;
  };
  apply();
  const observer = new MutationObserver(apply);
  for (let around: Element | null = parentElement; around !== null; around = around.parentElement)
    observer.observe(around, { attributes: true });
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', apply);
  return () => {
    observer.disconnect();
    system.removeEventListener('change', apply);
  };
}
