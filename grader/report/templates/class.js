"use strict";
// Sorting and finding for the class's page. Without it the tables are complete, in a useful order, and filtered by the radio buttons.
(() => {
  const number = (text) => {
    const value = Number.parseFloat(text);
    return Number.isNaN(value) ? -1 : value;
  };

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const body = table.tBodies[0];
        const numeric = "number" in head.dataset;
        const keyed = [...body.rows].map((row) => {
          const text = row.cells[column].textContent.trim();
          return [numeric ? number(text) : text.toLowerCase(), row];
        });
        const order = new Intl.Collator(undefined, { numeric: true });
        keyed.sort(([a], [b]) => (numeric ? a - b : order.compare(a, b)) * (up ? 1 : -1));
        body.remove(); // moving rows out of sight spares a layout for each
        body.append(...keyed.map(([, row]) => row));
        table.append(body);
      });
    });
  }

  const find = document.getElementById("find");
  const found = document.getElementById("found");
  const rows = [...document.getElementById("roster").tBodies[0].rows];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  find.closest("label").hidden = false;
  const look = () => {
    const wanted = find.value.trim().toLowerCase();
    const kind = document.querySelector('input[name="show"]:checked').id.replace(/^show-/, "");
    let count = 0;
    rows.forEach((row, i) => {
      const fits = texts[i].includes(wanted);
      row.hidden = !fits;
      count += fits && (kind === "all" || row.className === kind[0]);
    });
    found.hidden = wanted === "";
    found.textContent = `${count} found`;
  };
  find.addEventListener("input", look);
  document.querySelectorAll('input[name="show"]').forEach((radio) => radio.addEventListener("change", look));
})();
