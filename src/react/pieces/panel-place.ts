/** Min distance of the panel from its button and from the edges of the window. Pixels. */
const GAP = 8;
/** Min space below the button; with less the panel opens upwards if there is more space above. Pixels. */
const MIN_SPACE_BELOW = 320;

/** Place of a panel: distances from the left and from the top or bottom of the window. Pixels. */
export interface PanelPlace {
  readonly left: number;
  readonly top: number | undefined;
  readonly bottom: number | undefined;
  readonly maxHeight: number;
}

/** Computes the place of a panel of `width` px at a button, within the window, on the side with more space. */
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
  return below < MIN_SPACE_BELOW && above > below
    ? { left, top: undefined, bottom: view.height - button.top + GAP, maxHeight: above }
    : { left, top: button.bottom + GAP, bottom: undefined, maxHeight: below };
}
