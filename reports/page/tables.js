"use strict";
// Gives the heads of tables buttons that sort, and each table buttons that copy it.
(() => {
  // A cell sorts as the number that it begins with, else as text; cells without a value
  // come last in both directions.
  const key = (cell) => {
    const text = cell.textContent.trim().replaceAll("−", "-");
    if (text === "–" || text === "") return null;
    const number = text.replace(/^[<>≈†\s]+/, "").replace(/(\d),(?=\d{3})/g, "$1").match(/^[-+]?\d+(\.\d+)?(e[-+]?\d+)?/i);
    return number ? parseFloat(number[0]) : text.toLowerCase();
  };
  const order = (a, b) => {
    if (typeof a === typeof b) return typeof a === "number" ? a - b : a.localeCompare(b);
    return typeof a === "number" ? -1 : 1;
  };
  const sort = (table, head, direction) => {
    const body = table.tBodies[0], at = head.cellIndex;
    const keyed = [...body.rows].map((row, i) => ({ row, key: key(row.cells[at]), i: (row.place ??= i) }));
    keyed.sort((a, b) => {
      if (!direction) return a.i - b.i;
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.i - b.i;
      return direction * order(a.key, b.key) || a.i - b.i;
    });
    body.append(...keyed.map((k) => k.row));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    if (direction) head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
  };

  // The cells of a table as texts, with what is said once above it put back into its rows.
  const cells = (table) => {
    const box = table.closest(".scroll"), rows = [...table.rows].map((row) => [...row.cells].map((cell) => cell.innerText.trim()));
    const shared = [];
    for (let p = box.previousElementSibling; p?.matches("p.shared"); p = p.previousElementSibling) shared.unshift(p);
    for (const p of shared) {
      const at = Number(p.dataset.column), text = p.querySelector("span").textContent;
      if ("hidden" in p.dataset) rows.forEach((row, i) => row.splice(at, 0, i ? text : p.querySelector("strong").textContent));
      else rows.forEach((row, i) => { if (i && table.rows[i].cells[at].matches(".shares")) row[at] = row[at] ? `${text}; ${row[at]}` : text; });
    }
    return rows;
  };
  // A spreadsheet would run a text that begins like a formula.
  const csvCell = (text) => {
    if (/^[=+\-@\t\r＝＋－＠]/.test(text) && !/^[-+]?[\d.]+(e[-+]?\d+)?$/i.test(text)) text = "'" + text;
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const markdownCell = (text) => text.replace(/[\\|*_`\[\]~$]/g, "\\$&").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\s*\n\s*/g, " ");
  const formats = {
    csv: (rows) => rows.map((row) => row.map(csvCell).join(",") + "\r\n").join(""),
    markdown: (rows) => [rows[0], rows[0].map(() => "---"), ...rows.slice(1)].map((row) => `| ${row.map(markdownCell).join(" | ")} |\n`).join(""),
  };

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch { // an older way, for pages that may not use the clipboard
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  };
  const status = document.getElementById("status");
  const textOf = (button) => {
    if (button.dataset.copy) return document.getElementById(button.dataset.copy).textContent;
    return formats[button.dataset.as](cells(document.getElementById(button.dataset.table).querySelector("table")));
  };
  for (const button of document.querySelectorAll("button[data-as], button[data-copy]")) button.hidden = false;
  for (const head of document.querySelectorAll(".scroll > table:not(.matrix) > thead th")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.append(button);
  }
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button");
    if (!button) return;
    if (button.matches(".sort")) {
      const head = button.parentElement, now = head.getAttribute("aria-sort");
      sort(head.closest("table"), head, now === "ascending" ? -1 : now === "descending" ? 0 : 1);
    } else if (button.dataset.as || button.dataset.copy) {
      const done = await copy(textOf(button));
      status.textContent = done ? "Copied." : "The browser does not let this page copy.";
      button.classList.toggle("done", done);
      setTimeout(() => { status.textContent = ""; button.classList.remove("done"); }, 2000);
    }
  });
})();
