// The collection methods of App Services, each as a MongoDB command.
// `run(database, command)` is written in Go and returns a promise of MongoDB's reply.
// A cursor has only one batch: functions of a login read little, and a cursor that
// they do not read to its end would stay open on the server. `refused` is also written in
// Go: it gets each error of MongoDB before it is thrown. `transact(step, transaction)`
// begins, commits or aborts a transaction.
(function (run, BSON, refused, transact) {
  "use strict";

  const most = 10000; // documents that one find or aggregate may return
  const majority = { w: "majority" };

  class MongoError extends Error {
    constructor(failure, extra) {
      super(failure.errmsg || "MongoDB refused the command");
      this.name = "MongoError";
      this.code = failure.code;
      for (const key of ["codeName", "keyPattern", "keyValue", "errorLabels"]) if (failure[key] !== undefined) this[key] = failure[key];
      Object.assign(this, extra);
      refused(this, (failure.errorLabels || []).some((label) => /^(Transient|Retryable)/.test(label)));
    }
  }

  const checked = (reply) => {
    if (!reply.ok) throw new MongoError(reply);
    if (reply.writeErrors && reply.writeErrors.length) throw new MongoError(reply.writeErrors[0], { writeErrors: reply.writeErrors });
    if (reply.writeConcernError) throw new MongoError(reply.writeConcernError);
    return reply;
  };

  // runIn runs a command in the transaction of a session, if it has one. The write
  // concern is then that of the transaction.
  const runIn = async (session, database, command) => {
    const transaction = session ? await session[current]() : 0;
    if (!transaction) return run(database, command, 0);
    const { writeConcern, ...rest } = command;
    return run(database, rest, transaction);
  };
  const ask = async (session, database, command) => checked(await runIn(session, database, command));

  // A Session begins a transaction in MongoDB with its first operation. Without a
  // transaction it does nothing.
  const current = Symbol("current");
  const mostTries = 5; // of a transaction that another one conflicts with
  let transactions = 0;
  const labelled = (error, label) => Boolean(error && error.errorLabels && error.errorLabels.includes(label));
  class Session {
    #transaction = 0; #begun; #ended = false;
    startTransaction() {
      if (this.#ended) throw new Error("the session has ended");
      if (this.#transaction) throw new Error("the session already has a transaction");
      this.#transaction = ++transactions;
      this.#begun = undefined;
    }
    async [current]() {
      if (this.#ended) throw new Error("the session has ended");
      const transaction = this.#transaction;
      if (!transaction) return 0;
      this.#begun = this.#begun || transact("begin", transaction);
      await this.#begun;
      return transaction;
    }
    inTransaction() { return this.#transaction !== 0; }
    async commitTransaction() {
      if (!this.#transaction) throw new Error("the session has no transaction");
      checked(await transact("commit", await this[current]()));
      this.#transaction = 0;
    }
    // abortTransaction does nothing without a transaction, because withTransaction has
    // already aborted it when it throws.
    async abortTransaction() {
      const transaction = this.#transaction, begun = this.#begun;
      this.#transaction = 0;
      if (transaction && begun) await transact("abort", transaction);
    }
    async endSession() {
      await this.abortTransaction();
      this.#ended = true;
    }
    async withTransaction(operations) {
      for (let tries = 1; ; tries++) {
        this.startTransaction();
        try {
          const result = await operations(this);
          if (this.inTransaction()) await this.commitTransaction();
          return result;
        } catch (error) {
          await this.abortTransaction();
          if (tries === mostTries || !labelled(error, "TransientTransactionError")) throw error;
        }
      }
    }
  }
  const sessionOf = (options) => {
    const session = options && options.session;
    if (session === undefined || session === null) return undefined;
    if (!(session instanceof Session)) throw new TypeError("options.session must come from startSession()");
    return session;
  };
  // readOptions also takes the options as the second argument, as in Node's driver.
  const readOptions = (projection, options) =>
    projection && projection.session instanceof Session ? projection : Object.assign({}, projection && { projection }, options);

  // An undefined in a query is nearly always a mistake. Converted to null, it would
  // match every document without the field. MongoDB refuses it, and so does this.
  const refuseUndefined = (value, path) => {
    if (value === undefined) throw new TypeError("the query has the value undefined at " + path);
    if (Array.isArray(value)) value.forEach((element, i) => refuseUndefined(element, path + "." + i));
    else if (value && Object.getPrototypeOf(value) === Object.prototype) {
      for (const key of Object.keys(value)) refuseUndefined(value[key], path ? path + "." + key : key);
    }
  };
  const query = (value) => {
    if (value === null || typeof value !== "object") throw new TypeError("a query must be an object");
    refuseUndefined(value, "");
    return value;
  };
  const pick = (options, ...names) => {
    const picked = {};
    for (const name of names) if (options && options[name] !== undefined) picked[name] = options[name];
    return picked;
  };

  // operators checks that an update has operators, or that a replacement has none.
  // MongoDB would silently replace a document instead of changing it, or change it
  // instead of replacing it.
  const operators = (update, wanted) => {
    if (update === null || typeof update !== "object") throw new TypeError("an update must be an object");
    const has = Array.isArray(update) || Object.keys(update).some((key) => key[0] === "$");
    if (has !== wanted) throw new TypeError(wanted ? "an update needs operators such as $set" : "a replacement must not have operators");
    return update;
  };

  class Cursor {
    #fetch; #options; #buffer = []; #started = false; #skipped = 0; #taken = 0;
    constructor(fetch, options) { this.#fetch = fetch; this.#options = Object.assign({}, options); }
    #set(name, value) {
      if (this.#started) throw new Error("call cursor." + name + "() before you read the first document");
      this.#options[name] = value;
      return this;
    }
    sort(order) { return this.#set("sort", order); }
    limit(n) { return this.#set("limit", Math.abs(n)); }
    skip(n) { return this.#set("skip", n); }
    project(fields) { return this.#set("projection", fields); }

    // window reads the next documents, at most n.
    async #window(n) {
      this.#started = true;
      const left = this.#options.limit ? this.#options.limit - this.#taken : Infinity;
      if (left <= 0) return { docs: [], more: false };
      const got = await this.#fetch(Object.assign({}, this.#options, {
        skip: (this.#options.skip || 0) + this.#taken,
        limit: Math.min(n, left),
      }));
      this.#taken += got.docs.length;
      return { docs: got.docs, more: got.open && got.docs.length < Math.min(n, left) };
    }
    async toArray() {
      const { docs, more } = await this.#window(most + 1);
      if (more || docs.length > most) {
        throw new Error("there are more documents than a function may read at once (" + most + ", or 16 MiB): narrow the query or set limit()");
      }
      return this.#buffer.splice(0).concat(docs);
    }
    async next() {
      if (!this.#buffer.length) this.#buffer = (await this.#window(100)).docs;
      return this.#buffer.shift();
    }
    async hasNext() {
      if (!this.#buffer.length) this.#buffer = (await this.#window(100)).docs;
      return this.#buffer.length > 0;
    }
    async forEach(f) { for (const doc of await this.toArray()) f(doc); }
    async map(f) { return (await this.toArray()).map((doc) => f(doc)); }
    async count() { return (await this.toArray()).length; }
    async close() {}
  }

  class Collection {
    #database; #name;
    constructor(database, name) { this.#database = database; this.#name = name; }
    #ask(command, options) { return ask(sessionOf(options), this.#database, command); }

    // batch returns the documents of a reply. If the server keeps a cursor open for
    // more, batch closes it.
    async #batch(command, options) {
      const { cursor } = await this.#ask(command, options);
      const open = Number(cursor.id) !== 0;
      if (open) await runIn(sessionOf(options), this.#database, { killCursors: this.#name, cursors: [BSON.Long.fromString(String(cursor.id))] });
      return { docs: cursor.firstBatch, open };
    }

    find(filter = {}, projection, more) {
      const options = readOptions(projection, more);
      const wanted = Object.assign({}, pick(options, "projection", "sort", "limit", "skip", "collation", "hint"));
      return new Cursor((o) => this.#batch(Object.assign({ find: this.#name, filter: query(filter), batchSize: o.limit }, o), options), wanted);
    }
    async findOne(filter, projection, options) {
      const doc = await this.find(filter || {}, projection, options).limit(1).next();
      return doc === undefined ? null : doc;
    }
    aggregate(pipeline, options) {
      refuseUndefined(pipeline, "");
      return new Cursor((o) => {
        const stages = pipeline.slice();
        if (o.sort) stages.push({ $sort: o.sort });
        if (o.projection) stages.push({ $project: o.projection });
        if (o.skip) stages.push({ $skip: o.skip });
        if (!writes(pipeline)) stages.push({ $limit: o.limit });
        return this.#batch(Object.assign({ aggregate: this.#name, pipeline: stages, cursor: { batchSize: o.limit } },
          pick(options, "allowDiskUse", "collation", "hint", "let"), writes(pipeline) && { writeConcern: majority }), options);
      });
    }
    async countDocuments(filter = {}, options) {
      const stages = [{ $match: query(filter) }];
      if (options && options.skip) stages.push({ $skip: options.skip });
      if (options && options.limit) stages.push({ $limit: options.limit });
      const [counted] = await this.aggregate(stages.concat({ $group: { _id: null, n: { $sum: 1 } } }), options).toArray();
      return counted ? counted.n : 0;
    }
    count(filter, options) { return this.countDocuments(filter, options); }
    async distinct(field, filter = {}, options) {
      return (await this.#ask(Object.assign({ distinct: this.#name, key: field, query: query(filter) }, pick(options, "collation")), options)).values;
    }

    async insertOne(document, options) {
      return { insertedId: (await this.insertMany([document], options)).insertedIds[0] };
    }
    async insertMany(documents, options) {
      const named = documents.map((document) => {
        if (document === null || typeof document !== "object" || Array.isArray(document)) throw new TypeError("a document must be an object");
        if (document._id !== undefined) return document;
        const _id = new BSON.ObjectId();
        return Object.assign({ _id }, document, { _id });
      });
      await this.#ask(Object.assign({ insert: this.#name, documents: named, writeConcern: majority }, pick(options, "ordered", "bypassDocumentValidation")), options);
      return { insertedIds: named.map((document) => document._id) };
    }

    async #update(filter, update, multi, options) {
      const one = Object.assign({ q: query(filter), u: update, multi }, pick(options, "upsert", "arrayFilters", "collation", "hint"));
      const reply = await this.#ask(Object.assign({ update: this.#name, updates: [one], writeConcern: majority }, pick(options, "bypassDocumentValidation")), options);
      const [upserted] = reply.upserted || [];
      return Object.assign({ matchedCount: upserted ? 0 : reply.n, modifiedCount: reply.nModified }, upserted && { upsertedId: upserted._id });
    }
    async updateOne(filter, update, options) { return this.#update(filter, operators(update, true), false, options); }
    async updateMany(filter, update, options) { return this.#update(filter, operators(update, true), true, options); }
    async replaceOne(filter, document, options) { return this.#update(filter, operators(document, false), false, options); }

    async #delete(filter, limit, options) {
      const one = Object.assign({ q: query(filter), limit }, pick(options, "collation", "hint"));
      return { deletedCount: (await this.#ask({ delete: this.#name, deletes: [one], writeConcern: majority }, options)).n };
    }
    async deleteOne(filter, options) { return this.#delete(filter, 1, options); }
    async deleteMany(filter, options) { return this.#delete(filter, 0, options); }

    async #findAndModify(filter, change, options) {
      const command = Object.assign({ findAndModify: this.#name, query: query(filter), writeConcern: majority }, change,
        pick(options, "sort", "arrayFilters", "collation", "hint"), options && options.projection && { fields: options.projection });
      const { value } = await this.#ask(command, options);
      return value === undefined ? null : value;
    }
    #change(update, options) {
      const after = Boolean(options && (options.returnNewDocument || options.returnDocument === "after"));
      return { update, new: after, upsert: Boolean(options && options.upsert) };
    }
    async findOneAndUpdate(filter, update, options) {
      return this.#findAndModify(filter, this.#change(operators(update, true), options), options);
    }
    async findOneAndReplace(filter, document, options) {
      return this.#findAndModify(filter, this.#change(operators(document, false), options), options);
    }
    async findOneAndDelete(filter, options) { return this.#findAndModify(filter, { remove: true }, options); }

    // bulkWrite runs the operations one after the other, and stops at the first that
    // fails.
    async bulkWrite(operations, options) {
      for (const operation of operations) {
        const [method] = Object.keys(operation);
        const o = operation[method];
        switch (method) {
          case "insertOne": await this.insertOne(o.document, options); break;
          case "updateOne": case "updateMany": await this[method](o.filter, o.update, Object.assign({}, options, o)); break;
          case "replaceOne": await this.replaceOne(o.filter, o.replacement, Object.assign({}, options, o)); break;
          case "deleteOne": case "deleteMany": await this[method](o.filter, Object.assign({}, options, o)); break;
          default: throw new TypeError("bulkWrite does not support " + method);
        }
      }
      return null;
    }
  }

  const writes = (pipeline) => pipeline.some((stage) => stage && ("$out" in stage || "$merge" in stage));

  return { db: (database) => ({ collection: (name) => new Collection(database, name) }), startSession: () => new Session() };
})
