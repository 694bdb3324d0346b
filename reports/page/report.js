"use strict";
// Opens the folds around what a link points at, and scrolls to it.
(() => {
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    let closed = false;
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS" && !at.open) closed = at.open = true;
    const fold = target.querySelector(":scope > .fold");
    if (fold && target.tagName === "SECTION" && !target.querySelector("figure, .scroll")?.offsetParent) closed = fold.open = true;
    if (closed) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
})();
// Says below a matrix what is known of the ratio at the pointer.
(() => {
  const say = (event) => {
    const cell = event.target.closest?.(".matrix .ratio");
    if (cell) cell.closest(".scroll").nextElementSibling.textContent = cell.querySelector(".unseen").textContent;
  };
  addEventListener("pointerover", say);
  addEventListener("focusin", say);
})();
