import { type RefObject, useCallback, useRef } from 'react';

/**
 * Ref callback for the outermost element of a component: gives it the colour scheme of the page while it is mounted.
 *
 * The style sheet follows the system by itself. A page that declares `color-scheme: light` or `dark` has to be measured,
 * because no selector distinguishes it from a page that declares nothing.
 *
 * @param ref also receives the element
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

/** Keeps `data-ccl-scheme` of `element` equal to the scheme that the page declares. Returns the function that stops it. */
function followHostScheme(element: HTMLElement): () => void {
  const { parentElement } = element;
  // Inherited within another component.
  if (parentElement === null || parentElement.closest('.ccl') !== null) return () => {};
  const apply = () => {
    const chosen = parentElement.closest('[data-ccl-scheme]') !== null;
    const declared = chosen ? undefined : FIXED.exec(getComputedStyle(parentElement).colorScheme)?.[1];
    if (declared === undefined) delete element.dataset.cclScheme;
    else if (element.dataset.cclScheme !== declared) element.dataset.cclScheme = declared;
  };
  apply();
  const observer = new MutationObserver(apply);
  for (let ancestor: Element | null = parentElement; ancestor !== null; ancestor = ancestor.parentElement)
    observer.observe(ancestor, { attributes: true });
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', apply);
  return () => {
    observer.disconnect();
    system.removeEventListener('change', apply);
  };
}
