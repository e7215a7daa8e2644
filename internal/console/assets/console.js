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

  document.documentElement.classList.add("js");
  for (const element of all("[data-copy]")) element.hidden = !navigator.clipboard;

  // Replaces the elements whose data-live is one of kinds with those of another version of the page. Open
  // details, the focus and the scroll position stay.
  function replaceLive(html, ...kinds) {
    const next = new DOMParser().parseFromString(html, "text/html");
    for (const old of all("[data-live]")) {
      if (!kinds.includes(old.dataset.live) || !old.isConnected) continue;
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
        const answer = await fetch(location.href, { signal: AbortSignal.timeout(4000) });
        if (answer.status === 403) return location.reload();
        if (!answer.ok) throw new Error(answer.status);
        replaceLive(await answer.text(), "");
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

  // Sends a form, and takes elements from the answer instead of going there.
  async function send(form, submitter, extra, ...kinds) {
    const data = new URLSearchParams(new FormData(form, submitter));
    for (const [name, value] of Object.entries(extra)) data.set(name, value);
    let answer;
    try {
      answer = await fetch(form.getAttribute("action"), { method: "POST", body: data });
    } catch {
      throw new Error("The sidecar does not answer. Try again.");
    }
    if (answer.status === 403) throw new Error("Your session has ended. Sign in in another tab, and try again.");
    if (!answer.ok) throw new Error("The sidecar answers " + answer.status + ". Try again.");
    replaceLive(await answer.text(), ...kinds);
    for (const input of all("[aria-describedby]", form)) {
      const faults = input.getAttribute("aria-describedby").split(" ").map((id) => document.getElementById(id)).filter((e) => e?.id.endsWith("-fault"));
      if (faults.length) input.setAttribute("aria-invalid", faults.some((e) => e.textContent !== ""));
    }
  }
  document.addEventListener("submit", async (event) => {
    const form = event.target, kind = event.submitter?.dataset.inplace ?? form.dataset.inplace;
    if (!kind) return;
    event.preventDefault();
    const button = event.submitter ?? $("button", form), words = button.textContent;
    const fault = button.parentElement.querySelector(".fault") ?? button.parentElement.appendChild(make("p", "", "fault"));
    fault.setAttribute("role", "alert");
    fault.textContent = "";
    button.textContent = "Working…";
    try {
      await send(form, event.submitter, {}, kind, "check");
      if (kind === "sample") budget();
    } catch (error) {
      fault.textContent = error.message;
    }
    button.textContent = words;
  });

  // Checks the draft while a person types, and what its fields need.
  const draft = $("form[data-check]");
  if (draft) {
    let timer = 0, turn = 0;
    draft.addEventListener("input", (event) => {
      clearTimeout(timer);
      if (event.target.name === "embed" || event.target.name === "fields") budget();
      const mine = ++turn;
      timer = setTimeout(async () => {
        try {
          if (mine === turn) await send(draft, null, { do: "check" }, "check");
        } catch (error) {
          $("#draft-state").replaceChildren(make("p", error.message, "fault"));
        }
      }, 350);
    });
    draft.addEventListener("keydown", (event) => {
      // Enter in a field is not the button Look at the documents, which comes first.
      if (event.key === "Enter" && event.target.tagName === "INPUT") {
        event.preventDefault();
        draft.requestSubmit($("[value=review]", draft));
      }
    });
  }
  const size = (bytes) => quantity(bytes, "bytes");
  function budget() {
    for (const meter of all("[data-budget]")) {
      let sum = 2;
      for (const box of all("[name=embed]:checked")) sum += Number(box.dataset[meter.dataset.budget]) + 1;
      if (meter.dataset.factor) sum = Math.floor((sum * 4) / 3);
      const limit = Number(meter.dataset.limit), percent = limit ? Math.floor((sum * 100) / limit) : 0;
      const tone = percent > 100 ? "bad" : percent >= 80 ? "warn" : "good";
      meter.className = "meter " + tone;
      $(".of", meter).textContent = `${size(sum)} of ${size(limit)} · ${percent} %`;
      const fill = $(".fill", meter);
      fill.setAttribute("class", "fill " + tone);
      fill.setAttribute("width", Math.min(100, percent));
    }
  }

  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]"), line = event.target.closest("[data-line]");
    if (copy) {
      await navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).textContent);
      copy.textContent = "Copied";
    }
    const text = line && $("#text");
    if (text) {
      event.preventDefault();
      const lines = text.value.split("\n"), n = Number(line.dataset.line) - 1;
      const start = lines.slice(0, n).join("\n").length + (n ? 1 : 0);
      text.focus();
      text.setSelectionRange(start, start + (lines[n] ?? "").length);
      text.scrollTop = (text.scrollHeight / lines.length) * Math.max(0, n - 4);
    }
  });

  // Decodes a token. Nothing of it leaves the browser.
  const times = { exp: "Expires", nbf: "Valid from", iat: "Issued", auth_time: "Signed in" };
  function part(encoded) {
    const bytes = Uint8Array.from(atob(encoded.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  }
  function pretty(text) {
    // Numbers stay as they are in the token; JSON.parse only says whether this is JSON.
    const value = JSON.parse(text);
    const again = JSON.stringify(value);
    return [value, again === text ? JSON.stringify(value, null, 2) : indent(text)];
  }
  function indent(text) {
    let out = "", depth = 0, inText = false;
    const line = () => "\n" + "  ".repeat(depth);
    for (let i = 0; i < text.length; i++) {
      const c = text[i];
      if (inText) {
        out += c;
        if (c === "\\") out += text[++i] ?? "";
        else if (c === '"') inText = false;
      } else if (c === '"') { inText = true; out += c; }
      else if ("{[".includes(c)) { depth++; out += c + line(); }
      else if ("}]".includes(c)) { depth--; out += line() + c; }
      else if (c === ",") out += c + line();
      else if (c === ":") out += ": ";
      else if (!/\s/.test(c)) out += c;
    }
    return out;
  }
  function decode(token) {
    const parts = token.trim().replace(/^Bearer\s+/i, "").split(".");
    if (parts.length !== 3) return [make("p", parts.length === 5 ? "This token is encrypted (JWE), so only its recipient can read it." : "A token has three parts, separated by dots. This has " + parts.length + ".", "fault")];
    const nodes = [];
    const now = Date.now() / 1000;
    ["Header", "Claims"].forEach((title, i) => {
      let value, text;
      try { [value, text] = pretty(part(parts[i])); } catch {
        nodes.push(make("p", "The " + title.toLowerCase() + " cannot be read as base64url and JSON.", "fault"));
        return;
      }
      nodes.push(make("h3", `${title}, ${parts[i].length} bytes`));
      if (i) {
        const list = make("ul", undefined, "plain");
        for (const [name, words] of Object.entries(times)) {
          if (typeof value?.[name] !== "number") continue;
          const ahead = value[name] - now;
          const item = make("li", `${name === "exp" && ahead < 0 ? "Expired" : words} ${ahead > 0 ? "in " + span(ahead) : span(-ahead) + " ago"}`);
          if (name === "exp" && ahead < 0) item.className = "cause";
          item.title = new Date(value[name] * 1000).toISOString();
          list.append(item);
        }
        nodes.push(list);
      }
      const pre = make("pre");
      pre.append(make("code", text));
      pre.tabIndex = 0;
      nodes.push(pre);
    });
    nodes.push(make("p", `${parts.join(".").length} bytes in all. The signature is not checked here; Verify does that.`, "help"));
    return nodes;
  }
  for (const input of all("[data-decode]")) {
    const target = document.getElementById(input.dataset.decode), before = [...target.childNodes];
    const show = () => target.replaceChildren(...(input.value.trim() ? decode(input.value) : before));
    input.addEventListener("input", show);
    if (input.value) show();
  }
})();
