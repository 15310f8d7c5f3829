// Renders the formulas of a page with KaTeX, in the markup of katex_formulas.py and in outputs of notebooks.
document.addEventListener("DOMContentLoaded", () => {
  const options = { throwOnError: false, strict: "ignore", errorColor: "#c00000" };
  for (const element of document.querySelectorAll(".math")) {
    const displayMode = element.classList.contains("math-display");
    const number = element.querySelector(".eqno");
    if (number) number.remove();
    katex.render(element.textContent, element, { ...options, displayMode });
    if (displayMode) element.tabIndex = 0; // it scrolls on narrow screens
    if (number) element.append(number);
  }
  for (const output of document.querySelectorAll(".output.text_html")) {
    const walker = document.createTreeWalker(output, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) if (walker.currentNode.data.includes("$")) texts.push(walker.currentNode);
    for (const text of texts) {
      const parts = text.data.split(/(\$\$[^$]+\$\$|\$[^$\n]+\$)/);
      text.replaceWith(
        ...parts.map((part, i) => {
          if (i % 2 === 0) return part;
          const span = document.createElement("span");
          const displayMode = part.startsWith("$$");
          katex.render(part.replace(/^\$+|\$+$/g, ""), span, { ...options, displayMode });
          return span;
        }),
      );
    }
  }
});
