
"use strict";
(() => {
  const form = document.getElementById("filters");
  const found = document.getElementById("found");
  const items = [...document.querySelectorAll("[data-task]")];
  const total = new Set(items.map((item) => item.dataset.task)).size;

  const filter = () => {
    const all = form.elements.show.value === "all";
    const exercise = form.elements.exercise.value;
    const shown = new Set();
    for (const section of document.querySelectorAll("[data-exercise]")) {
      const chosen = !exercise || section.dataset.exercise === exercise;
      let any = false;
      for (const item of section.querySelectorAll("[data-task]")) {
        const fits = chosen && (all || item.dataset.status !== "passed");
        item.hidden = !fits;
        if (fits) {
          any = true;
          shown.add(item.dataset.task);
        }
      }
      section.hidden = !any;
    }
    found.textContent = shown.size
      ? `Showing ${shown.size} of ${total} tasks.`
      : "No task fits: every one of them has passed.";
    found.classList.toggle("narrowed", shown.size < total);
  };

  const value = (row, column) => row.cells[column].dataset.value;
  const compare = (a, b) => {
    const numbers = [Number(a), Number(b)];
    return numbers.some(Number.isNaN) ? a.localeCompare(b, "en") : numbers[0] - numbers[1];
  };

  // Each click on a column leads on: ascending, descending, the order of the course.
  const sort = (table, head) => {
    const order = { ascending: "descending", descending: null }[head.getAttribute("aria-sort")];
    const next = order === undefined ? "ascending" : order;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    if (next) head.setAttribute("aria-sort", next);
    const body = table.tBodies[0];
    const rows = [...body.rows].sort((a, b) => {
      const given = a.dataset.place - b.dataset.place;
      if (!next) return given;
      const [x, y] = [value(a, head.cellIndex), value(b, head.cellIndex)];
      if (x === "" || y === "") return (x === "") - (y === "") || given;
      return (next === "ascending" ? 1 : -1) * compare(x, y) || given;
    });
    body.append(...rows);
    const by = head.textContent.toLowerCase();
    found.textContent = next ? `Sorted by ${by}, ${next}.` : "In the order of the course.";
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    const rows = [...table.tBodies[0].rows];
    if (rows.length < 2) continue;
    rows.forEach((row, place) => { row.dataset.place = place; });
    for (const head of table.tHead.rows[0].cells) {
      if (head.dataset.fixed !== undefined) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(table, head));
      head.append(button);
    }
  }

  // Browsers that cannot unfold by style alone: open everything to print, and close it again.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const one of opened) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
  });

  form.addEventListener("change", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.reset();
  form.hidden = false;
})();
