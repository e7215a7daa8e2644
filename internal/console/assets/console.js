// Keeps pages current, shows values under the pointer, checks drafts while a person types,
// and decodes tokens. Every page works without it.
"use strict";
(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (name, text, cls) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (cls) element.className = cls;
    return element;
  };

  // Replaces the elements marked data-live with those of another version of the page. Open
  // details, the focus and the scroll position stay.
  function replaceLive(html) {
    const next = new DOMParser().parseFromString(html, "text/html");
    for (const old of all("[data-live]")) {
      const fresh = next.getElementById(old.id);
      if (!fresh || old.classList.contains("reading")) continue;
      for (const d of all("details[open]", old)) {
        const same = d.id && fresh.querySelector("#" + CSS.escape(d.id));
        if (same) same.open = true;
      }
      if (fresh.outerHTML === old.outerHTML) continue;
      const focused = old.contains(document.activeElement) ? focusable(old).indexOf(document.activeElement) : -1;
      const scrolls = all(".scroll", old).map((e) => [e.scrollLeft, e.scrollTop]);
      const node = document.importNode(fresh, true);
      old.replaceWith(node);
      all(".scroll", node).forEach((e, i) => { if (scrolls[i]) [e.scrollLeft, e.scrollTop] = scrolls[i]; });
      if (focused >= 0) focusable(node)[focused]?.focus({ preventScroll: true });
    }
  }
  const focusable = (root) => all("a[href], button, input, summary, [tabindex]", root);

  // The page asks for itself again, while it is visible.
  const main = $("main[data-refresh]");
  if (main) {
    const every = 1000 * Number(main.dataset.refresh);
    let lost = null, timer = 0, last = Date.now();
    const connection = $("#connection"), link = $("#refresh");
    const say = (text, cls) => { if (connection.textContent !== text) { connection.textContent = text; connection.className = cls; } };
    const clock = (t) => t.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    async function refresh() {
      clearTimeout(timer);
      if (document.hidden) return;
      last = Date.now();
      try {
        const answer = await fetch(location.href, { headers: { "X-Refresh": "1" }, signal: AbortSignal.timeout(4000) });
        if (answer.status === 403) return location.reload();
        if (!answer.ok) throw new Error(answer.status);
        replaceLive(await answer.text());
        lost = null;
        say("Updates every " + every / 1000 + " s", "");
      } catch {
        lost ??= new Date();
        say("Disconnected since " + clock(lost), "lost");
      }
      timer = setTimeout(refresh, every);
    }
    say("Updates every " + every / 1000 + " s", "");
    timer = setTimeout(refresh, every);
    document.addEventListener("visibilitychange", () => { if (!document.hidden && Date.now() - last > every) refresh(); });
    link.addEventListener("click", (event) => { event.preventDefault(); refresh(); });
  }

  // Values of plots under the pointer, or with the arrow keys.
  const box = { width: 420, left: 52, right: 6, top: 8, bottom: 118 };
  const short = (v) => (v === 0 || Math.abs(v) >= 1000 ? String(Math.round(v)) : String(Number(v.toPrecision(3))));
  function quantity(v, unit) {
    if (unit === "bytes") {
      let i = 0;
      for (; v >= 1024 && i < 4; i++) v /= 1024;
      return short(v) + " " + ["B", "KiB", "MiB", "GiB", "TiB"][i];
    }
    if (unit === "ms" && v >= 1000) return short(v / 1000) + " s";
    if (unit === "per second") return short(v) + "/s";
    if ((unit === "s" || unit === "seconds") && v >= 60) return span(v);
    return short(v) + ({ ms: " ms", "%": " %", s: " s", seconds: " s" }[unit] ?? "");
  }
  function span(s) {
    if (s < 60) return Math.round(s) + " s";
    if (s < 3600) return Math.floor(s / 60) + " min " + (Math.round(s) % 60 ? Math.round(s) % 60 + " s" : "");
    return Math.floor(s / 3600) + " h " + Math.floor((s % 3600) / 60) + " min";
  }
  function read(plot, index) {
    const lines = all("[data-values]", plot).map((e) => [e, e.dataset.values.split(",")]);
    const n = Math.max(0, ...lines.map(([, values]) => values.length));
    if (!n) return;
    index = Math.min(n - 1, Math.max(0, index));
    plot.classList.add("reading");
    plot.dataset.index = index;
    const svg = $(".lines", plot);
    let cursor = $(".cursor", svg);
    if (!cursor) {
      cursor = document.createElementNS(svg.namespaceURI, "path");
      cursor.setAttribute("class", "cursor");
      svg.append(cursor);
    }
    const x = box.left + ((box.width - box.left - box.right) * index) / Math.max(1, n - 1);
    cursor.setAttribute("d", `M${x} ${box.top}V${box.bottom}`);
    const back = (n - 1 - index) * Number(plot.dataset.step);
    $("[data-at]", plot).textContent = back ? span(back) + " ago" : "now";
    for (const [element, values] of lines) {
      element.dataset.now ??= element.textContent;
      element.textContent = values[index] === "" ? "–" : quantity(Number(values[index]), plot.dataset.unit);
    }
  }
  function stopReading(plot) {
    plot.classList.remove("reading");
    delete plot.dataset.index;
    $(".cursor", plot)?.remove();
    $("[data-at]", plot).textContent = "now";
    for (const e of all("[data-now]", plot)) { e.textContent = e.dataset.now; delete e.dataset.now; }
  }
  const plotOf = (event) => event.target.closest?.(".plot .lines")?.closest(".plot");
  const points = (plot) => Math.max(0, ...all("[data-values]", plot).map((e) => e.dataset.values.split(",").length));
  document.addEventListener("pointermove", (event) => {
    const plot = plotOf(event);
    for (const other of all(".plot.reading")) if (other !== plot && !other.contains(document.activeElement)) stopReading(other);
    if (!plot) return;
    const area = $(".lines", plot).getBoundingClientRect();
    const at = ((event.clientX - area.left) / area.width) * box.width;
    read(plot, Math.round(((at - box.left) / (box.width - box.left - box.right)) * (points(plot) - 1)));
  });
  document.addEventListener("keydown", (event) => {
    const plot = plotOf(event);
    if (!plot) return;
    const last = points(plot) - 1, now = plot.dataset.index === undefined ? last : Number(plot.dataset.index);
    const to = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last }[event.key];
    if (event.key === "Escape") stopReading(plot);
    if (to === undefined) return;
    event.preventDefault();
    read(plot, to);
  });
  document.addEventListener("focusout", (event) => { const plot = plotOf(event); if (plot) stopReading(plot); });
})();
