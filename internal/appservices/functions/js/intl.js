// Formatting for readers, as in App Services with the locale en-US. There is no data for
// other locales, so they get the same form instead of an error. `offset(zone, ms)` is
// written in Go and returns the offset of a time zone in minutes.
(function (offset) {
  "use strict";

  const define = (object, name, value) =>
    Object.defineProperty(object, name, { value, writable: true, configurable: true });
  const symbols = { USD: "$", EUR: "€", GBP: "£", JPY: "¥", INR: "₹", CNY: "CN¥", KRW: "₩", BRL: "R$", CAD: "CA$", AUD: "A$", MXN: "MX$", ILS: "₪", VND: "₫" };
  const whole = { JPY: true, KRW: true, VND: true, CLP: true };

  const digits = (options) => {
    const currency = String(options.currency || "").toUpperCase();
    const usual = options.style === "currency" ? (whole[currency] ? [0, 0] : [2, 2]) : options.style === "percent" ? [0, 0] : [0, 3];
    const { minimumFractionDigits: least, maximumFractionDigits: most } = options;
    const min = least === undefined ? Math.min(usual[0], most === undefined ? usual[0] : most) : least;
    const max = most === undefined ? Math.max(usual[1], min) : most;
    if (!(min >= 0 && max <= 100 && min <= max)) throw new RangeError("minimumFractionDigits and maximumFractionDigits must be from 0 to 100, in order");
    return [min, max];
  };
  const group = (text, options) => options.useGrouping === false ? text : text.replace(/\B(?=(\d{3})+$)/g, ",");
  const decimal = (value, options) => {
    if (typeof value === "bigint") return group(String(value), options);
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : "∞";
    const [min, max] = digits(options);
    const [integer, fraction = ""] = (value < 1e21 ? value.toFixed(max) : String(BigInt(value))).split(".");
    let kept = fraction.replace(/0+$/, "");
    while (kept.length < min) kept += "0";
    return group(integer, options) + (kept && "." + kept);
  };
  const number = (value, options = {}) => {
    if (typeof value !== "bigint") value = Number(value);
    const negative = value < 0 || Object.is(value, -0);
    let text = decimal(options.style === "percent" ? Math.abs(Number(value)) * 100 : negative ? -value : value, options || {});
    if (options.style === "percent") text += "%";
    if (options.style === "currency") {
      if (typeof options.currency !== "string") throw new TypeError("the option currency is required with the style currency");
      const code = options.currency.toUpperCase();
      text = (symbols[code] || code + "\u00a0") + text;
    }
    return (negative ? "-" : "") + text;
  };

  const months = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
  const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
  const cut = (name, how) => how === "long" ? name : how === "narrow" ? name[0] : name.slice(0, 3);
  const pad = (n, how) => how === "2-digit" ? String(n % 100).padStart(2, "0") : String(n);

  const dateStyles = {
    full: { weekday: "long", year: "numeric", month: "long", day: "numeric" }, long: { year: "numeric", month: "long", day: "numeric" },
    medium: { year: "numeric", month: "short", day: "numeric" }, short: { year: "2-digit", month: "numeric", day: "numeric" },
  };
  const clock = { hour: "numeric", minute: "2-digit", second: "2-digit" };
  const timeStyles = { full: clock, long: clock, medium: clock, short: { hour: "numeric", minute: "2-digit" } };
  const usual = {
    date: { year: "numeric", month: "numeric", day: "numeric" }, time: clock,
    all: { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "2-digit", second: "2-digit" },
  };
  const dateFields = ["weekday", "year", "month", "day"], timeFields = ["hour", "minute", "second"];
  const fieldsOf = (options, wanted) => {
    if (options.dateStyle || options.timeStyle) return Object.assign({}, options, dateStyles[options.dateStyle], timeStyles[options.timeStyle]);
    const asked = wanted === "date" ? dateFields : wanted === "time" ? timeFields : dateFields.concat(timeFields);
    return asked.some((name) => options[name] !== undefined) ? options : Object.assign({}, options, usual[wanted]);
  };

  const datePart = (at, f) => {
    const year = f.year && pad(at.getUTCFullYear(), f.year), day = f.day && pad(at.getUTCDate(), f.day);
    const weekday = f.weekday && cut(days[at.getUTCDay()], f.weekday);
    if (f.month && f.month !== "numeric" && f.month !== "2-digit") {
      const month = [cut(months[at.getUTCMonth()], f.month), day].filter(Boolean).join(" ");
      return [weekday, [month, year].filter(Boolean).join(f.day ? ", " : " ")].filter(Boolean).join(", ");
    }
    return [weekday, [f.month && pad(at.getUTCMonth() + 1, f.month), day, year].filter(Boolean).join("/")].filter(Boolean).join(", ");
  };
  const timePart = (at, f) => {
    const is24 = f.hour12 === false || (f.hour12 === undefined && (f.hourCycle === "h23" || f.hourCycle === "h24"));
    const hours = at.getUTCHours();
    const hour = f.hour && pad(is24 ? hours : hours % 12 || 12, is24 ? "2-digit" : f.hour);
    const two = (n) => String(n).padStart(2, "0");
    const minute = f.minute && (f.hour || f.second ? two(at.getUTCMinutes()) : pad(at.getUTCMinutes(), f.minute));
    const second = f.second && (f.minute ? two(at.getUTCSeconds()) : pad(at.getUTCSeconds(), f.second));
    return [hour, minute, second].filter(Boolean).join(":") + (f.hour && !is24 ? (hours < 12 ? " AM" : " PM") : "");
  };
  const date = (value, options, wanted) => {
    const ms = Number(value === undefined ? Date.now() : value);
    if (Number.isNaN(ms)) return "Invalid Date";
    options = options || {};
    const minutes = options.timeZone === undefined ? -new Date(ms).getTimezoneOffset() : offset(String(options.timeZone), ms);
    const f = fieldsOf(options, wanted), at = new Date(ms + minutes * 60000);
    return [datePart(at, f), timePart(at, f)].filter(Boolean).join(", ");
  };

  // formatter returns a constructor of Intl, which also works without new.
  const formatter = (name, make) => {
    const constructor = { [name]: function (_, options) {
      const self = new.target ? this : Object.create(constructor.prototype);
      Object.defineProperty(self, "options", { value: Object.assign({}, options) });
      for (const method of Object.keys(make)) define(self, method, (...args) => make[method](self.options, ...args));
      return self;
    } }[name];
    define(constructor.prototype, "resolvedOptions", function () { return Object.assign({ locale: "en-US", timeZone: "UTC" }, this.options); });
    define(constructor, "supportedLocalesOf", (locales) => [].concat(locales || []).filter((locale) => locale === "en-US"));
    return constructor;
  };
  const Intl = {};
  define(Intl, "NumberFormat", formatter("NumberFormat", { format: (options, value) => number(value, options) }));
  define(Intl, "DateTimeFormat", formatter("DateTimeFormat", { format: (options, value) => date(value, options, options.timeStyle ? "all" : "date") }));
  define(Intl, "Collator", formatter("Collator", { compare: (_, a, b) => String(a).localeCompare(String(b)) }));
  define(globalThis, "Intl", Intl);

  define(Number.prototype, "toLocaleString", function toLocaleString(_, options) { return number(Number(this), options); });
  define(BigInt.prototype, "toLocaleString", function toLocaleString(_, options) { return number(BigInt(this), options); });
  define(Date.prototype, "toLocaleString", function toLocaleString(_, options) { return date(this, options, "all"); });
  define(Date.prototype, "toLocaleDateString", function toLocaleDateString(_, options) { return date(this, options, "date"); });
  define(Date.prototype, "toLocaleTimeString", function toLocaleTimeString(_, options) { return date(this, options, "time"); });
})
