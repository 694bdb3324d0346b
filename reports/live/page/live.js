"use strict";
// Asks /state.json every two seconds and shows what has changed. Texts reach the page as
// text and never as markup. The cards of the claims are the report's own, rendered and escaped
// there, and the page runs no script but this one.
(() => {
  const every = 2000;
  const find = (id) => document.getElementById(id);
  const none = "–";

  // element makes <tag attributes…>children…</tag>; a child that is no node is text.
  const make = (space) => (tag, attributes, ...children) => {
    const e = space ? document.createElementNS(space, tag) : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) e.setAttribute(name, value);
    e.append(...children);
    return e;
  };
  const html = make(""), svg = make("http://www.w3.org/2000/svg");

  // set changes a text only when it is another: what a reader has marked stays marked.
  const set = (e, text) => { if (e.textContent !== text) e.textContent = text; };

  const count = (n) => n.toLocaleString("en");
  const percent = (share) => Math.floor(share * 100) + " %";
  const number = (x) => x === 0 ? "0" : Math.abs(x) >= 1e5 || Math.abs(x) < 1e-3 ? x.toExponential(2) : String(Number(x.toPrecision(4)));
  const many = (n, noun) => count(n) + " " + noun + (n === 1 ? "" : "s");
  const duration = (seconds) => {
    if (seconds > 48 * 3600) return Math.round(seconds / 86400) + " days";
    if (seconds > 2 * 3600) return Math.round(seconds / 3600) + " h";
    if (seconds > 2 * 60) return Math.round(seconds / 60) + " min";
    return Math.max(1, Math.round(seconds)) + " s";
  };
  const clock = (date) => {
    const today = date.toDateString() === new Date().toDateString();
    return date.toLocaleString([], today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
  };

  const active = (cell) => ["starting", "training", "evaluating", "measuring"].includes(cell.state);
  const looks = (state) => ({ done: "good", failed: "bad", waiting: "" })[state] ?? "open";

  const columns = [
    ["State", (c) => c.state + (c.stage && ": " + c.stage)],
    ["Where", (c) => !c.where ? none : c.where + (c.silent ? ", no sign of life for " + duration(c.silent) : ""), "where"],
    ["Progress", (c) => c.share === null ? none : percent(c.share)],
    ["Left", (c) => c.left === null ? none : duration(c.left), "number"],
    ["Step", (c) => !c.step ? none : count(c.step) + (c.steps ? " of " + count(c.steps) : ""), "number"],
    ["Loss", (c) => c.loss === null ? none : number(c.loss), "number"],
    ["Tokens/s", (c) => c.tokens_per_second === null ? none : count(Math.round(c.tokens_per_second)), "number"],
    ["Evaluated", (c) => c.evaluated ? count(c.evaluated) : none, "number"],
    ["Error", (c) => c.error, "error"],
  ];
  const which = (c) => [c.experiment, c.text, count(c.length) + (c.experiment === "recall" ? " pairs" : " tokens"), c.seed && "seed " + c.seed].filter(Boolean).join(", ");

  // table is kept up to date row by row, so that nothing jumps and nothing loses its mark.
  const table = (box) => {
    const body = html("tbody");
    const titles = [["Cell"], ...columns].map(([title, , kind]) => html("th", { scope: "col", class: kind === "number" ? kind : "" }, title));
    box.append(html("table", {}, html("thead", {}, html("tr", {}, ...titles)), body));
    const rows = new Map();
    const add = (id) => {
      const cells = columns.map(([title, , kind]) => {
        if (title === "State") return html("td", {}, html("span"));
        if (title === "Progress") return html("td", {}, html("span", { class: "bar" }, html("progress", { max: 1, "aria-hidden": "true" }), html("span")));
        return html("td", { class: kind || "" });
      });
      const model = html("span"), rest = html("span", { class: "rest" });
      const row = { cells, model, rest, line: html("tr", {}, html("th", { scope: "row" }, model, " ", rest), ...cells) };
      rows.set(id, row);
      return row;
    };
    return (list) => {
      const seen = new Set();
      for (const [id, cell] of list) {
        const row = rows.get(id) || add(id), place = body.children[seen.size];
        seen.add(id);
        if (place !== row.line) body.insertBefore(row.line, place || null);
        set(row.model, cell.model);
        set(row.rest, which(cell));
        columns.forEach(([title, text], i) => {
          let box = row.cells[i];
          if (title === "Where") box.classList.toggle("silent", !!cell.silent);
          if (title === "State") {
            box = box.firstChild;
            box.className = looks(cell.state) && "verdict " + looks(cell.state);
          } else if (title === "Progress") {
            const bar = box.querySelector("progress");
            bar.hidden = cell.share === null;
            bar.value = cell.share || 0;
            box = bar.nextSibling;
          }
          set(box, text(cell));
        });
      }
      for (const [id, row] of rows) if (!seen.has(id)) { row.line.remove(); rows.delete(id); }
      box.hidden = rows.size === 0;
    };
  };

  // ticks are round numbers, about so many, from below low to above high.
  const ticks = (low, high, about) => {
    if (!(high > low)) { const pad = Math.max(Math.abs(low) * 0.05, 0.5); low -= pad; high += pad; }
    const raw = (high - low) / about, power = 10 ** Math.floor(Math.log10(raw));
    const step = power * [1, 2, 5, 10].find((m) => m * power >= raw * 0.999);
    const all = [];
    for (let i = Math.floor(low / step); i <= Math.ceil(high / step - 1e-9); i++) all.push(i * step);
    return all;
  };

  const dashes = ["", "6 4", "2 3", "8 3 2 3"];
  const line = (curve) => ({ stroke: curve.color, "stroke-dasharray": dashes[curve.dash % dashes.length] });

  // pen measures texts in the font of the drawings, at the size that the reader has set.
  const pen = document.createElement("canvas").getContext("2d");
  const draw = (chart, width, height) => {
    const size = 0.75 * parseFloat(getComputedStyle(document.documentElement).fontSize);
    pen.font = size + "px " + getComputedStyle(document.body).fontFamily;
    const wide = (text) => pen.measureText(text).width;
    const points = chart.curves.flatMap((c) => c.points);
    const last = Math.max(...points.map((p) => p[0]), 1);
    // The axis fits all but the first tenth, whose losses would flatten the rest.
    const late = points.filter((p) => p[0] >= last / 10).map((p) => p[1]);
    const ys = ticks(Math.min(...points.map((p) => p[1])), Math.max(...late), 5);
    const left = Math.ceil(Math.max(...ys.map((v) => wide(number(v)))) + 6 + 1.7 * size), right = 12, top = Math.ceil(0.7 * size), bottom = Math.ceil(3.3 * size);
    const w = Math.max(width - left - right, 1), h = height - top - bottom, low = ys[0], high = ys[ys.length - 1];
    // So many steps that there are two widths of a label for each.
    const most = Math.min(6, Math.max(1, Math.floor(w / (2 * wide(count(last))))));
    const xs = ticks(0, last, most).filter((x) => x <= last && x === Math.round(x));
    const x = (step) => step / last * w, y = (loss) => h - (loss - low) / (high - low) * h;
    const inner = svg("svg", { x: left, y: top, width: w, height: h }); // cuts off what lies above
    for (const c of chart.curves) {
      const path = c.points.map((p, i) => (i ? "L" : "M") + x(p[0]).toFixed(1) + " " + y(p[1]).toFixed(1)).join("");
      inner.append(svg("path", { ...line(c), d: c.points.length > 1 ? path : path + "h2" }, svg("title", {}, c.model + ", seed " + c.seed)));
    }
    return [
      ...ys.map((v) => svg("line", { class: "grid", x1: left, x2: left + w, y1: top + y(v), y2: top + y(v) })),
      ...ys.map((v) => svg("text", { x: left - 6, y: top + y(v) + size / 3, "text-anchor": "end" }, number(v))),
      ...xs.map((v) => svg("text", { x: left + x(v), y: top + h + 1.3 * size, "text-anchor": v === 0 ? "start" : x(v) + wide(count(v)) / 2 > w + right ? "end" : "middle" }, count(v))),
      svg("text", { x: left + w / 2, y: height - size / 3, "text-anchor": "middle" }, "step"),
      svg("text", { x: -(top + h / 2), y: size, transform: "rotate(-90)", "text-anchor": "middle" }, "loss, nats per token"),
      inner,
    ];
  };

  const figures = new Map();
  const figure = (chart) => {
    const f = {
      drawing: svg("svg", { class: "live", role: "img", "aria-label": "Training loss of " + chart.title + ". The numbers stand in the table that follows." }),
      legend: html("ul", { class: "legend", "aria-hidden": "true" }),
      body: html("tbody"),
    };
    const title = "Training loss: " + chart.title;
    f.box = html("figure", {},
      html("figcaption", {}, html("strong", {}, chart.title + "."), " A line for each seed; each point is a mean over steps. Losses of the first tenth may lie above the axis."),
      f.legend, f.drawing,
      html("details", {}, html("summary", {}, "Numbers of this chart: " + chart.title),
        html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title },
          html("table", {}, html("caption", {}, title),
            html("thead", {}, html("tr", {}, ...["Model", "Seed", "Step", "Loss", "Lowest"].map((t, i) => html("th", { scope: "col", class: i ? "number" : "" }, t)))), f.body))));
    return f;
  };

  const show = (f, chart) => {
    const width = f.drawing.clientWidth, height = f.drawing.clientHeight;
    const key = JSON.stringify([width, height, getComputedStyle(f.drawing).fontSize, chart]);
    if (f.key === key || width === 0) return;
    f.key = key;
    f.drawing.replaceChildren(...draw(chart, width, height));
    const models = new Map(chart.curves.map((c) => [c.model, c]));
    f.legend.replaceChildren(...[...models].map(([model, c]) =>
      html("li", {}, svg("svg", { width: 26, height: 12, viewBox: "0 0 26 12" }, svg("line", { ...line(c), x1: 1, y1: 6, x2: 25, y2: 6, "stroke-width": 3 })), model)));
    f.body.replaceChildren(...chart.curves.map((c) => {
      const [step, loss] = c.points[c.points.length - 1];
      return html("tr", {}, html("th", { scope: "row" }, c.model),
        ...[c.seed, count(step), number(loss), number(Math.min(...c.points.map((p) => p[1])))].map((t) => html("td", { class: "number" }, t)));
    }));
  };

  let latest = [];
  const showCharts = () => {
    const seen = new Set();
    for (const chart of latest) {
      seen.add(chart.title);
      let f = figures.get(chart.title);
      if (!f) { f = figure(chart); figures.set(chart.title, f); find("charts").append(f.box); }
      show(f, chart);
    }
    for (const [title, f] of figures) if (!seen.has(title)) { f.box.remove(); figures.delete(title); }
    find("unlogged").hidden = figures.size > 0;
  };

  const now = table(find("now")), all = table(find("all"));
  const showState = (s) => {
    find("status").className = "";
    set(find("status"), s.sentence); // a screen reader reads it out when it changes
    document.title = (s.share === null ? "" : percent(s.share) + " · ") + "Run of " + s.profile;
    const whole = find("whole");
    whole.hidden = s.share === null;
    whole.value = s.share || 0;
    const cells = s.cells.map((c, i) => [i + "|" + [c.experiment, c.text, c.model, c.length, c.seed].join("|"), c]);
    const underWay = cells.filter(([, c]) => active(c));
    const parts = [];
    if (s.total) parts.push(count(s.done) + " of " + many(s.total, "cell") + " done");
    if (s.failed) parts.push(count(s.failed) + " failed");
    if (underWay.length) parts.push(count(underWay.length) + " under way");
    if (s.share !== null) parts.push(percent(s.share) + " of the tokens");
    if (s.left !== null) parts.push("about " + duration(s.left) + " left, until " + clock(new Date(Date.now() + s.left * 1000)));
    if (s.since) parts.push("running since " + clock(new Date(s.since)));
    set(find("numbers"), parts.join(" · "));
    const silent = s.left_out && many(s.left_out, "cell") + (s.left_out === 1 ? " that writes" : " that write") + " nothing on the way";
    set(find("about-left"), s.phase !== "running" ? "" : s.left === null ? (silent ? "How long is not known of " + silent + "." : "")
      : "At the speed of the last steps" + (silent ? ", without " + silent + "." : "."));
    const list = find("warnings");
    list.hidden = s.warnings.length === 0;
    if (list.dataset.all !== JSON.stringify(s.warnings)) {
      list.dataset.all = JSON.stringify(s.warnings);
      list.replaceChildren(...s.warnings.map((w) => html("li", {}, w)));
    }
    now(underWay);
    find("idle").hidden = underWay.length > 0;
    all(cells);
    latest = s.charts;
    showCharts();
  };

  // cards follow the results: they are asked for when the results are others than those shown.
  // Making them may take seconds, during which the rest of the page goes on.
  const claims = find("cards");
  let asking = false;
  const showCards = async (s) => {
    set(find("so-far"), s.total === 0 || s.done === s.total ? "" : "From the " + many(s.done, "cell") + " of " + count(s.total) + " that " + (s.done === 1 ? "is" : "are") + " done. Each verdict may change until the last is.");
    if (asking || !s.results || claims.dataset.results === s.results) return;
    asking = true;
    try {
      const answer = await fetch("cards.html", { signal: AbortSignal.timeout(60000) });
      const text = await answer.text();
      if (!answer.ok) { set(find("so-far"), "The verdicts cannot be shown: " + text); return; }
      claims.innerHTML = text;
      for (const link of claims.querySelectorAll("a")) link.replaceWith(...link.childNodes); // to sections that only the report has
      claims.dataset.results = answer.headers.get("X-Results");
    } catch {
      // No answer: the next request for the state says so.
    } finally {
      asking = false;
    }
  };

  const ask = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch("state.json", { signal: AbortSignal.timeout(10000) });
        if (!answer.ok) throw new Error(answer.statusText);
        const s = await answer.json();
        showState(s);
        showCards(s);
      } catch {
        find("status").className = "lost";
        set(find("status"), "bench serve no longer answers; below is how the run stood when it last did.");
      }
    }
    setTimeout(ask, every);
  };
  new ResizeObserver(showCharts).observe(find("charts"));
  ask();
})();
