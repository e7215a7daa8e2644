// The BSON types that functions use. Only the prototype identifies a type, never a
// member, because documents come from users. `native` has functions written in Go.
(function (native) {
  "use strict";

  const hidden = (object, name, value) => Object.defineProperty(object, name, { value });

  // In App Services, the types worked with and without new.
  const type = (name, init, methods, statics) => {
    const constructor = { [name]: function (...args) {
      const self = new.target ? this : Object.create(constructor.prototype);
      init.apply(self, args);
      return self;
    } }[name];
    for (const key of Object.keys(methods)) hidden(constructor.prototype, key, methods[key]);
    for (const key of Object.keys(statics || {})) hidden(constructor, key, statics[key]);
    return constructor;
  };

  const ObjectId = type("ObjectId", function (id) {
    if (id === undefined || id === null) id = native.newObjectId();
    if (id instanceof ObjectId) id = id.toHexString();
    if (!ObjectId.isValid(id)) throw new TypeError("an ObjectId needs 24 hex digits");
    hidden(this, "hex", id.toLowerCase());
  }, {
    toHexString() { return this.hex; },
    toString() { return this.hex; },
    toJSON() { return this.hex; },
    valueOf() { return this.hex; },
    equals(other) { return other !== undefined && other !== null && String(other).toLowerCase() === this.hex; },
    getTimestamp() { return new Date(parseInt(this.hex.slice(0, 8), 16) * 1000); },
  }, {
    isValid(id) { return id instanceof ObjectId || (typeof id === "string" && /^[0-9a-fA-F]{24}$/.test(id)); },
    createFromHexString(hex) { return new ObjectId(hex); },
  });

  const int64 = (value) => BigInt.asIntN(64, value);
  const big = (value) => value instanceof Long ? value.big
    : typeof value === "bigint" ? value
    : typeof value === "string" ? BigInt(value)
    : BigInt(Math.trunc(Number(value)));
  const long = (value) => {
    const self = Object.create(Long.prototype);
    hidden(self, "big", int64(value));
    return self;
  };
  const Long = type("Long", function (low, high) {
    hidden(this, "big", int64((BigInt((high || 0) | 0) << 32n) | BigInt((low || 0) >>> 0)));
  }, {
    toString(radix) { return this.big.toString(radix); },
    toNumber() { return Number(this.big); },
    toInt() { return Number(BigInt.asIntN(32, this.big)); },
    toBigInt() { return this.big; },
    toJSON() { return Number.isSafeInteger(Number(this.big)) ? Number(this.big) : this.big.toString(); },
    valueOf() { return Number(this.big); },
    equals(other) { return this.big === big(other); },
    compare(other) { return this.big < big(other) ? -1 : this.big > big(other) ? 1 : 0; },
    add(other) { return long(this.big + big(other)); },
    subtract(other) { return long(this.big - big(other)); },
    multiply(other) { return long(this.big * big(other)); },
  }, {
    fromString(text) { return long(BigInt(text)); },
    fromNumber(value) { return long(big(value)); },
    fromInt(value) { return long(BigInt(value | 0)); },
    fromBits(low, high) { return new Long(low, high); },
    fromBigInt(value) { return long(value); },
  });

  const number = {
    toString() { return String(this.value); },
    toJSON() { return this.value; },
    valueOf() { return this.value; },
  };
  const Int32 = type("Int32", function (value) { hidden(this, "value", Number(value || 0) | 0); }, number);
  const Double = type("Double", function (value) { hidden(this, "value", Number(value || 0)); }, number);

  const decimal = /^[+-]?(((\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?)|inf(inity)?|nan)$/i;
  const Decimal128 = type("Decimal128", function (text) {
    if (!decimal.test(text)) throw new TypeError("a Decimal128 needs the text of a number");
    hidden(this, "text", String(text));
  }, {
    toString() { return this.text; },
    toJSON() { return { $numberDecimal: this.text }; },
  }, {
    fromString(text) { return new Decimal128(text); },
  });

  const binary = {
    toHex() { return this.buffer.toHex(); },
    toBase64() { return this.buffer.toBase64(); },
    text() { return native.text(this.buffer); },
    toString() { return native.text(this.buffer); },
    toJSON() { return this.buffer.toBase64(); },
    length() { return this.buffer.length; },
    equals(other) { return other instanceof Object && other.buffer !== undefined && this.toHex() === other.toHex(); },
  };
  const bytes = (value) => value instanceof Uint8Array ? value
    : value instanceof ArrayBuffer ? new Uint8Array(value)
    : typeof value === "string" ? native.bytes(value)
    : Uint8Array.from(value || []);
  const Binary = type("Binary", function (data, subType) {
    hidden(this, "buffer", bytes(data));
    hidden(this, "sub_type", (subType || 0) & 255);
  }, binary, {
    fromHex(hex, subType) { return new Binary(Uint8Array.fromHex(hex), subType); },
    fromBase64(base64, subType) { return new Binary(Uint8Array.fromBase64(base64), subType); },
  });
  const UUID = type("UUID", function (value) {
    const hex = value === undefined ? native.newUUID()
      : typeof value === "string" ? value.replace(/-/g, "")
      : bytes(value.buffer || value).toHex();
    if (!/^[0-9a-fA-F]{32}$/.test(hex)) throw new TypeError("a UUID needs 32 hex digits, with or without hyphens");
    hidden(this, "buffer", Uint8Array.fromHex(hex));
    hidden(this, "sub_type", 4);
  }, Object.assign({}, binary, {
    toHexString() { return this.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"); },
    toString() { return this.toHexString(); },
    toJSON() { return this.toHexString(); },
  }));

  const BSONRegExp = type("BSONRegExp", function (pattern, options) {
    hidden(this, "pattern", String(pattern));
    hidden(this, "options", Array.from(String(options || "")).sort().join(""));
  }, {
    toString() { return "/" + this.pattern + "/" + this.options; },
  });

  const MinKey = type("MinKey", function () {}, {});
  const MaxKey = type("MaxKey", function () {}, {});

  // Types that functions rarely use (timestamp, code, symbol …). They are kept as
  // Extended JSON, so that they are written back unchanged.
  const Other = type("Other", function (ejson) { hidden(this, "ejson", ejson); }, {
    toString() { return this.ejson; },
    toJSON() { return JSON.parse(this.ejson); },
  });

  return { ObjectId, ObjectID: ObjectId, Long, Int32, Double, Decimal128, Binary, UUID, BSONRegExp, MinKey, MaxKey, Other };
})
