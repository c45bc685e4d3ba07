
"use strict";
// Puts a button into each head of a table that sorts its rows by the data-value of their cells.
// Each click on a column leads on: ascending, descending, the order that the page came in.
const sortable = (table, announce) => {
  const body = table.tBodies[0];
  const given = [...body.rows];
  if (given.length < 2) return;
  const heads = [...table.tHead.rows[0].cells];

  const compare = (a, b) => {
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, "en") : x - y;
  };

  const sort = (head) => {
    const order = { ascending: "descending", descending: null }[head.getAttribute("aria-sort")];
    const next = order === undefined ? "ascending" : order;
    for (const other of heads) other.removeAttribute("aria-sort");
    if (next) head.setAttribute("aria-sort", next);
    const turn = next === "descending" ? -1 : 1;
    const rows = given.map((row, place) => [row.cells[head.cellIndex].dataset.value, place, row]);
    // What has no value comes last both ways.
    if (next) {
      rows.sort(([a, i], [b, j]) =>
        (a === "" || b === "" ? (a === "") - (b === "") : turn * compare(a, b)) || i - j);
    }
    body.append(...rows.map((row) => row[2]));
    announce(head.textContent.toLowerCase(), next);
  };

  for (const head of heads) {
    if (head.dataset.fixed !== undefined) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head));
    head.append(button);
  }
};
