// htmx shows nothing when a request fails; a reader has to know that the list is not the one asked for.
const tell = (text) => {
  const results = document.getElementById("results");
  if (!results) return;
  results.querySelector(".lost")?.remove();
  const notice = document.createElement("p");
  notice.className = "notice problem lost";
  notice.setAttribute("role", "alert");
  notice.textContent = text;
  results.prepend(notice);
};

document.addEventListener("htmx:sendError", () => tell("The server cannot be reached, so what you see is not up to date. Try again in a moment."));
document.addEventListener("htmx:responseError", () => tell("The server could not answer this, so what you see is not up to date. Reload the page to try again."));

// Where there is room the filters are open; on a phone they would push the list away.
const roomy = window.matchMedia("(min-width: 56rem)");
const fold = () => {
  if (roomy.matches) return;
  for (const facet of document.querySelectorAll("details.facet[open]:not(.stays)")) facet.open = false;
};
fold();
document.addEventListener("htmx:afterSwap", fold);

// What an address leads to, or is printed, is unfolded, in browsers too that do not see to that themselves.
const unfold = () => {
  const there = document.querySelector("details.folded:not([open]) :target");
  if (!there) return;
  there.closest("details.folded").open = true;
  there.scrollIntoView();
};
unfold();
addEventListener("hashchange", unfold);
addEventListener("beforeprint", () => {
  for (const folded of document.querySelectorAll("details.folded:not([open])")) {
    folded.open = true;
    addEventListener("afterprint", () => { folded.open = false; }, { once: true });
  }
});

// "/" goes to the search field, as in many libraries.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const field = document.querySelector("#q, #entity-q, #top-q");
  if (!field) return;
  event.preventDefault();
  field.focus();
});

// A file that is too big is told before it is sent: afterwards that takes as long as sending it.
document.addEventListener("change", (event) => {
  const field = event.target.closest("input[type=file][data-max-bytes]");
  if (!field) return;
  const tooBig = [...field.files].some((file) => file.size > Number(field.dataset.maxBytes));
  field.setCustomValidity(tooBig ? "This file is larger than what may be sent. Give the address of a copy of it instead." : "");
  if (tooBig) field.reportValidity();
});

// What is wider than its column can be scrolled by keyboard, in browsers too that do not see to that themselves.
const scrolled = new ResizeObserver((changes) => {
  for (const { target } of changes) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});
for (const wide of document.querySelectorAll(".prose :is(pre, table, .math)")) scrolled.observe(wide);
