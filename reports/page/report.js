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
// Draws every chart of the page from the JSON beside it. The options carry no
// code; what a chart cannot say as data is looked up here by name.
(() => {
  if (!window.echarts) return; // each chart's own text says so

  let paper = "#ffffff"; // the page's own colour, inside hollow points
  const renderers = {
    // A mean with its interval: value is [category, mean, low, high, side].
    // What stands on the right, side 1, is hollow.
    interval(params, api) {
      const x = api.coord([api.value(0), 0])[0] + 7 * api.value(4);
      const [mean, low, high] = [1, 2, 3].map((i) => api.coord([0, api.value(i)])[1]);
      const color = api.visual("color");
      const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: color, lineWidth: 2 } });
      return {
        type: "group",
        children: [
          line(x, low, x, high), line(x - 5, low, x + 5, low), line(x - 5, high, x + 5, high),
          { type: "circle", shape: { cx: x, cy: mean, r: 4.5 }, style: { fill: api.value(4) > 0 ? paper : color, stroke: color, lineWidth: 2 } },
        ],
      };
    },
  };

  const family = getComputedStyle(document.body).fontFamily;
  const em = () => parseFloat(getComputedStyle(document.documentElement).fontSize); // as the reader has set it

  const theme = (dark) => {
    const text = dark ? "#d5d9df" : "#33373d", line = dark ? "#565c66" : "#9aa1ab", grid = dark ? "#2d3139" : "#e6e9ed";
    const axis = {
      nameTextStyle: { color: text }, axisLabel: { color: text },
      axisLine: { show: true, lineStyle: { color: line } }, axisTick: { lineStyle: { color: line } },
      splitLine: { lineStyle: { color: grid } },
    };
    const tip = {
      backgroundColor: dark ? "#24272e" : "#ffffff", borderColor: line, textStyle: { color: text, fontSize: 0.75 * em() }, confine: true,
      extraCssText: "max-width: 100%; white-space: normal; overflow-wrap: anywhere",
    };
    return {
      backgroundColor: "transparent", textStyle: { color: text, fontFamily: family }, tooltip: tip, visualMap: { textStyle: { color: text } },
      categoryAxis: { ...axis, splitLine: { show: false } }, valueAxis: axis, logAxis: axis,
    };
  };

  // A chart inside a closed fold has no width; it is drawn when the fold opens.
  const drawn = [];
  const shown = (data) => document.getElementById(data.dataset.chart).offsetParent !== null;
  const drawOne = (data, dark, width) => {
    const box = document.getElementById(data.dataset.chart);
    const option = JSON.parse(data.textContent);
    for (const series of option.series) {
      if (series.renderItem) series.renderItem = renderers[series.renderItem];
    }
    for (const axis of option.xAxis || []) if (axis.type === "log") axis.logBase = 2; // lengths double
    box.replaceChildren();
    const chart = echarts.init(box, theme(dark), { renderer: "svg", width });
    chart.setOption(option);
    fitChart(chart, option, family, em());
    drawn.push({ chart, option, data });
  };

  // Draws all charts: at once, or one after the other with the page in the reader's hands
  // between them, as all together take longer than one likes to wait for a page.
  let queue = [];
  const draw = (dark, width, atOnce) => {
    for (const { chart } of drawn.splice(0)) chart.dispose();
    paper = dark ? "#16181d" : "#ffffff"; // --page in report.css
    const charts = queue = [...document.querySelectorAll("script[data-chart]")].filter(shown);
    const next = () => {
      if (charts !== queue) return; // drawn anew meanwhile
      if (charts.length === 0) return performance.mark("drawn");
      setTimeout(next); // before what may fail, so that the others are drawn
      drawOne(charts.shift(), dark, width);
    };
    if (!atOnce) return next();
    while (charts.length > 0) drawOne(charts.shift(), dark, width);
  };

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let printing = false; // when a dark page becomes a light one
  const onScreen = () => printing || draw(dark.matches);
  onScreen();
  dark.addEventListener("change", onScreen);
  document.addEventListener("toggle", (event) => {
    if (!event.target.open) return;
    for (const data of event.target.querySelectorAll("script[data-chart]")) {
      if (shown(data) && !drawn.some((d) => d.data === data) && !queue.includes(data)) drawOne(data, dark.matches);
    }
  }, true);
  // Paper is white and about 640 CSS pixels wide.
  window.addEventListener("beforeprint", () => { printing = true; draw(false, 640, true); });
  window.addEventListener("afterprint", () => { printing = false; onScreen(); });
  let waiting;
  window.addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      // A full-page capture passes through a window one pixel wide.
      for (const { chart, option } of drawn) if (chart.getDom().clientWidth > 100) { chart.resize(); fitChart(chart, option, family, em()); }
    });
  });
})();
