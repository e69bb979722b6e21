// j and k go from one entry of a list to the next; from an entry, so do the arrows. Enter opens it, as any link.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const links = [...document.querySelectorAll(".rows .title a")];
  const at = links.indexOf(document.activeElement);
  const arrow = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const step = { j: 1, k: -1 }[event.key] || (at >= 0 && arrow) || 0;
  if (!step || !links.length) return;
  const next = at < 0 ? 0 : at + step;
  if (next < 0 || next >= links.length) return;
  event.preventDefault();
  links[next].focus();
  links[next].scrollIntoView({ block: "nearest" });
});
