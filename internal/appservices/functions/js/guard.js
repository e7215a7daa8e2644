// Limits for built-ins that allocate a lot in one step, because they cannot be
// interrupted. Also refuses code from strings. `depth` is written in Go and returns
// how deep JSON nests.
(function (maxElements, maxText, maxNesting, depth) {
  "use strict";

  const { apply, construct } = Reflect;
  const define = (object, name, value) =>
    Object.defineProperty(object, name, { value, writable: true, configurable: true });
  const elements = (n) => {
    if (typeof n === "number" && n > maxElements) throw new RangeError("the array would have more than " + maxElements + " elements");
  };
  const characters = (n) => {
    if (n > maxText) throw new RangeError("the string would have more than " + maxText + " characters");
  };

  // replace replaces a constructor with a proxy, which keeps all its other
  // properties. In goja, instanceof does not work with a proxy, so replace defines
  // it.
  const isInstance = Function.prototype[Symbol.hasInstance];
  const replace = (original, handler) => {
    const proxy = new Proxy(original, handler);
    Object.defineProperty(original, Symbol.hasInstance, {
      value(object) { return apply(isInstance, this === proxy ? original : this, [object]); },
    });
    define(original.prototype, "constructor", proxy);
    if (globalThis[original.name] === original) define(globalThis, original.name, proxy);
  };
  const look = (args) => { if (args.length === 1) elements(args[0]); };
  for (const original of [
    Array, ArrayBuffer, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
    Float32Array, Float64Array, BigInt64Array, BigUint64Array,
  ]) {
    replace(original, {
      apply(target, self, args) { look(args); return apply(target, self, args); },
      construct(target, args, newTarget) { look(args); return construct(target, args, newTarget); },
    });
  }

  // wrap checks the arguments of a method before each call.
  const wrap = (object, name, look) => {
    const original = object[name];
    define(object, name, { [name](...args) { look(this, args); return apply(original, this, args); } }[name]);
  };
  wrap(Array, "from", (_, [source]) => { if (source) elements(source.length); });
  wrap(String.prototype, "repeat", (self, [n]) => characters(String(self).length * Number(n)));
  wrap(String.prototype, "padStart", (_, [n]) => characters(Number(n)));
  wrap(String.prototype, "padEnd", (_, [n]) => characters(Number(n)));
  wrap(JSON, "parse", (_, [text]) => {
    if (depth(String(text)) > maxNesting) throw new RangeError("the JSON is nested deeper than " + maxNesting + " levels");
  });

  const refuse = () => { throw new TypeError("code from strings is not supported: eval, new Function"); };
  define(globalThis, "eval", refuse);
  for (const f of [function () {}, async function () {}, function* () {}]) {
    replace(f.constructor, { apply: refuse, construct: refuse });
  }
})
