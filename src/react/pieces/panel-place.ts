/** Between the panel and what it belongs to, and around it. Pixels. */
const GAP = 8;
/** Below the button it opens upwards, if there is more room and less than this below. Pixels. */
const ENOUGH = 320;

/** Where a panel goes: its distance from the left, and from the top or from the bottom, of the window. Pixels. */
export interface PanelPlace {
  readonly left: number;
  readonly top: number | undefined;
  readonly bottom: number | undefined;
  readonly maxHeight: number;
}

/** The place of a panel of `width` px beside a button, within the window: towards the side where there is more room. */
export function placePanel(
  button: Pick<DOMRect, 'top' | 'bottom' | 'left' | 'right'>,
  width: number,
  view: { readonly width: number; readonly height: number },
): PanelPlace {
  const inRightHalf = button.left + button.right > view.width;
  const wanted = inRightHalf ? button.right - width : button.left;
  const left = Math.max(GAP, Math.min(wanted, view.width - width - GAP));
  const above = button.top - 2 * GAP;
  const below = view.height - button.bottom - 2 * GAP;
  return below < ENOUGH && above > below
    ? { left, top: undefined, bottom: view.height - button.top + GAP, maxHeight: above }
    : { left, top: button.bottom + GAP, bottom: undefined, maxHeight: below };
}
