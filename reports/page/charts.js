"use strict";
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
  let printing = false; // when a dark page becomes a light one, and letters smaller
  const em = () => printing ? 12 : parseFloat(getComputedStyle(document.documentElement).fontSize); // as the reader has set it

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

  // What the pointer shows: the words of a point, which give its interval and sample size,
  // or its value. Marks and cells name themselves.
  const encode = echarts.format.encodeHTML;
  const said = (p) => {
    const words = p.data?.name, value = Array.isArray(p.value) ? p.value[p.value.length - 1] : p.value;
    if (words && p.seriesType !== "line" && p.seriesType !== "scatter") return encode(words);
    return `${p.marker || ""}${encode(p.seriesName)}: ${words ? encode(words) : encode(String(value))}`;
  };
  const pointed = (params) => {
    const list = [].concat(params).filter((p) => p.value !== undefined && p.value !== "-" && !Number.isNaN(p.value));
    const at = list[0]?.axisValueLabel;
    return [...(at ? [encode(at)] : []), ...list.map(said)].join("<br>");
  };

  // The models that the switches leave out of all charts, also of those drawn later.
  const off = new Set();
  const optionOf = (data) => {
    const option = JSON.parse(data.textContent), groups = JSON.parse(data.dataset.groups || "[]");
    option.series.forEach((series, i) => {
      if (series.lineStyle?.type === "dashdotted") series.lineStyle.type = [8, 3, 2, 3];
      if (series.renderItem) series.renderItem = renderers[series.renderItem];
      if (Array.isArray(groups[i])) series.data = series.data.filter((_, k) => !off.has(groups[i][k]));
    });
    if (groups.length > 0) option.series = option.series.filter((_, i) => Array.isArray(groups[i]) || !off.has(groups[i]));
    for (const axis of option.xAxis || []) if (axis.type === "log") axis.logBase = 2; // lengths double
    option.tooltip.formatter = pointed;
    return option;
  };

  // A chart inside a closed fold has no width; it is drawn when the fold opens.
  const drawn = [];
  const shown = (data) => document.getElementById(data.dataset.chart).offsetParent !== null;
  const drawOne = (data, dark, size) => {
    const box = document.getElementById(data.dataset.chart);
    const option = optionOf(data);
    box.replaceChildren();
    const chart = echarts.init(box, theme(dark), { renderer: "svg", ...size?.(box) });
    chart.setOption(option);
    fitChart(chart, option, family, em());
    drawn.push({ chart, option, data });
  };

  // Draws all charts: at once, or one after the other with the page in the reader's hands
  // between them, as all together take longer than one likes to wait for a page.
  let queue = [];
  const draw = (dark, size, atOnce) => {
    for (const { chart } of drawn.splice(0)) chart.dispose();
    paper = dark ? "#16181d" : "#ffffff"; // --page in report.css
    const charts = queue = [...document.querySelectorAll("script[data-chart]")].filter(shown);
    const next = () => {
      if (charts !== queue) return; // drawn anew meanwhile
      if (charts.length === 0) return performance.mark("drawn");
      setTimeout(next); // before what may fail, so that the others are drawn
      drawOne(charts.shift(), dark, size);
    };
    if (!atOnce) return next();
    while (charts.length > 0) drawOne(charts.shift(), dark, size);
  };

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const onScreen = () => printing || draw(dark.matches);
  onScreen();
  dark.addEventListener("change", onScreen);
  document.addEventListener("toggle", (event) => {
    if (!event.target.open) return;
    for (const data of event.target.querySelectorAll("script[data-chart]")) {
      if (shown(data) && !drawn.some((d) => d.data === data) && !queue.includes(data)) drawOne(data, dark.matches);
    }
  }, true);
  const apply = () => {
    for (const part of document.querySelectorAll("[data-group]")) {
      const without = off.has(part.dataset.group);
      if (part.tagName === "FIGURE") part.hidden = without;
      else part.classList.toggle("off", without);
    }
    for (const one of drawn.splice(0)) {
      if (!shown(one.data)) { one.chart.dispose(); continue; } // drawn again when its fold opens
      drawn.push(one);
      if (!one.data.dataset.groups) continue;
      one.option = optionOf(one.data);
      one.chart.setOption(one.option, true);
      fitChart(one.chart, one.option, family, em());
    }
    for (const data of document.querySelectorAll("script[data-chart]")) {
      if (shown(data) && !drawn.some((d) => d.data === data) && !queue.includes(data)) drawOne(data, dark.matches);
    }
  };
  for (const row of document.querySelectorAll(".switches")) {
    row.hidden = false;
    row.addEventListener("change", (event) => {
      if (event.target.checked) off.delete(event.target.value);
      else off.add(event.target.value);
      apply();
    });
  }
  // Paper is white and about 640 CSS pixels wide, with three pictures or two figures a line.
  const onPaper = (box) => box.closest(".pictures") ? { width: 205, height: 190 } : { width: 310, height: box.id.startsWith("chart-keys") ? 240 : 200 };
  const cite = document.querySelector("#cite details"); // printed, other folds are not
  window.addEventListener("beforeprint", () => { cite.was = cite.open; printing = cite.open = true; draw(false, onPaper, true); });
  window.addEventListener("afterprint", () => { cite.open = cite.was; printing = false; onScreen(); });
  let waiting;
  window.addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(() => {
      // A full-page capture passes through a window one pixel wide.
      for (const { chart, option } of drawn) if (chart.getDom().clientWidth > 100) { chart.resize(); fitChart(chart, option, family, em()); }
    });
  });
})();
