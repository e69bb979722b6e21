// Typeset the TeX that the page carries as text. What KaTeX cannot read stays as it was written.
for (const place of document.querySelectorAll(".math")) {
  const tex = place.textContent;
  try {
    katex.render(tex, place, {
      displayMode: place.tagName === "DIV" || place.classList.contains("display"),
      throwOnError: true,
      trust: false,
      strict: "ignore",
      maxSize: 20,
      maxExpand: 200,
    });
  } catch (error) {
    place.textContent = tex;
    place.classList.add("unread");
  }
}
