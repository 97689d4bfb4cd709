/** Scrolls the middle of what is in sight to a row that is `top` px below the first: in the list, or the page where the list is whole. */
export function scrollToRow(view: HTMLElement, top: number, behavior: ScrollBehavior): void {
  if (view.scrollHeight > view.clientHeight + 1) {
    view.scrollTo({ top: top - view.clientHeight / 2, behavior });
    return;
  }
  const above = view.getBoundingClientRect().top;
  window.scrollBy({ top: above + top - window.innerHeight / 2, behavior });
}
