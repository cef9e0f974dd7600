import { webcrypto } from "node:crypto";

// The host functions on a fake exchange; abi/ABI.md specifies them.

const notFound = -1;
const fault = -2;
const invalid = -3;
const readOnly = -4;
const streamed = -6;
const noCall = -7;
const unavailable = -9;

/** The host functions of the fake that `current` returns. */
export function host(current, memory) {
  const io = new Memory(memory);
  const all = { ...header(io), ...request(io), ...reply(io), ...values(io), ...system(io), ...kv(io), ...http(io) };
  return Object.fromEntries(Object.entries(all).map(([name, f]) => [name, guard(name, f, current)]));
}

// What works while no hook is running, besides config_get of scope 0.
const idle = ["log", "clock", "random", "env_get"];

/** Refuses calls outside of hooks, and pointers that leave the memory. */
function guard(name, f, current) {
  return (...args) => {
    const fake = current();
    const allowed = idle.includes(name) || (name === "config_get" && args[0] === 0);
    if (fake.hook === null && !allowed) return noCall;
    fake.calls.push(name);
    try {
      return f(fake, ...args) ?? 0;
    } catch (e) {
      if (e instanceof RangeError) return fault;
      throw e;
    }
  };
}

class Memory {
  constructor(buffer) {
    this.buffer = buffer;
  }

  /** The bytes that pointer and length select. */
  view(ptr, len) {
    return Buffer.from(this.buffer(), ptr >>> 0, len >>> 0);
  }

  text(ptr, len) {
    return len === 0 ? "" : this.view(ptr, len).toString();
  }

  bytes(ptr, len) {
    return len === 0 ? Buffer.alloc(0) : Buffer.from(this.view(ptr, len));
  }

  /** Writes a whole value if it fits and returns its length. */
  put(value, buf, cap) {
    if (value === undefined || value === null) return notFound;
    const bytes = Buffer.from(value);
    if (bytes.length > 0 && bytes.length <= cap) bytes.copy(this.view(buf, cap));
    return bytes.length;
  }

  /** Reads a list of name, value, name, value, … */
  pairs(ptr, len) {
    const bytes = this.bytes(ptr, len);
    const count = len === 0 ? 0 : bytes.readUInt32LE(0);
    const pairs = [];
    for (let i = 0, at = 4 + 4 * count; i < count; i++) {
      const n = bytes.readUInt32LE(4 + 4 * i);
      const item = bytes.toString("utf8", at, (at += n));
      if (i % 2 === 0) pairs.push([item]);
      else pairs.at(-1).push(item);
    }
    return pairs;
  }

  putList(items, buf, cap) {
    const all = items.map((item) => Buffer.from(item));
    const head = Buffer.alloc(4 + 4 * all.length);
    head.writeUInt32LE(all.length);
    all.forEach((item, i) => head.writeUInt32LE(item.length, 4 + 4 * i));
    return this.put(Buffer.concat([head, ...all]), buf, cap);
  }
}

function header(io) {
  const fields = (fake, message) => (message === 0 ? fake.requestHeader : fake.replyHeader);
  const same = (name) => (field) => field[0].toLowerCase() === name.toLowerCase();
  const edit = (f) => (fake, message, name, nameLen, ...value) => {
    if (fake.hook === "event" || (fake.hook === "response" && message === 0)) return readOnly;
    f(fields(fake, message), io.text(name, nameLen), ...value);
  };
  const remove = (all, name) => {
    const kept = all.filter((field) => !same(name)(field));
    all.splice(0, all.length, ...kept);
  };
  return {
    header_get: (fake, message, name, nameLen, buf, cap) =>
      io.put(fields(fake, message).find(same(io.text(name, nameLen)))?.[1], buf, cap),
    header_values: (fake, message, name, nameLen, buf, cap) =>
      io.putList(fields(fake, message).filter(same(io.text(name, nameLen))).map((f) => f[1]), buf, cap),
    header_names: (fake, message, buf, cap) => {
      const all = fields(fake, message);
      return io.putList(all.filter((f, i) => all.findIndex(same(f[0])) === i).map((f) => f[0]), buf, cap);
    },
    header_all: (fake, message, buf, cap) => io.putList(fields(fake, message).flat(), buf, cap),
    header_set: edit((all, name, value, len) => {
      const text = io.text(value, len);
      const first = all.findIndex(same(name));
      remove(all, name);
      all.splice(first < 0 ? all.length : first, 0, [name, text]);
    }),
    header_add: edit((all, name, value, len) => all.push([name, io.text(value, len)])),
    header_del: edit(remove),
  };
}

function request(io) {
  const functions = body(io, "request", "requestBody", (fake) => ["response", "event"].includes(fake.hook));
  return {
    ...functions,
    request_get: (fake, part, buf, cap) => io.put(fake.request[part], buf, cap),
    request_set: (fake, part, ptr, len) => {
      if (part > 2 || ["response", "event"].includes(fake.hook)) return readOnly;
      fake.request[part] = io.text(ptr, len);
    },
  };
}

function reply(io) {
  const functions = body(io, "reply", "replyBody", (fake) => fake.hook === "event");
  return {
    ...functions,
    reply_status: (fake) => fake.status,
    reply_set_status: (fake, status) => {
      if (status < 200 || status > 599) return invalid;
      fake.status = status;
    },
    reply_answer: (fake, status, ptr, len) => {
      if (status < 200 || status > 599) return invalid;
      Object.assign(fake, { status, replyHeader: [], replyBody: io.bytes(ptr, len) });
    },
  };
}

function body(io, message, field, isReadOnly) {
  return {
    [`${message}_body_size`]: (fake) => fake[field]?.length ?? streamed,
    [`${message}_body_read`]: (fake, offset, buf, cap) => {
      if (fake[field] === null) return streamed;
      return cap === 0 ? 0 : Buffer.from(fake[field]).copy(io.view(buf, cap), 0, offset);
    },
    [`${message}_body_splice`]: (fake, offset, count, ptr, len) => {
      const old = fake[field];
      if (isReadOnly(fake)) return readOnly;
      if (old === null) return streamed;
      const from = Math.min(offset >>> 0, old.length);
      const to = Math.min(from + (count >>> 0), old.length);
      fake[field] = Buffer.concat([old.subarray(0, from), io.bytes(ptr, len), old.subarray(to)]);
    },
    [`${message}_body_set`]: (fake, ptr, len) => {
      if (isReadOnly(fake)) return readOnly;
      fake[field] = io.bytes(ptr, len);
    },
  };
}

function values(io) {
  /** One member of an object: strings as their text, everything else as JSON. */
  const member = (object, name, buf, cap) => {
    const value = name === "" ? object : object?.[name];
    return io.put(value === undefined || typeof value === "string" ? value : JSON.stringify(value), buf, cap);
  };
  const parse = (ptr, len) => {
    try {
      return JSON.parse(io.text(ptr, len));
    } catch {
      return null;
    }
  };
  return {
    meta_get: (fake, name, nameLen, buf, cap) => io.put(fake.meta[io.text(name, nameLen)], buf, cap),
    meta_set: (fake, name, nameLen, ptr, len) => {
      if (nameLen === 0) return invalid;
      fake.meta[io.text(name, nameLen)] = io.text(ptr, len);
    },
    session_get: (fake, name, nameLen, buf, cap) =>
      fake.session === null ? notFound : member(fake.session, io.text(name, nameLen), buf, cap),
    session_set: (fake, ptr, len) => {
      if (fake.hook !== "auth") return readOnly;
      const session = parse(ptr, len);
      if (session === null) return invalid;
      fake.session = session;
    },
    metadata_get: (fake, name, nameLen, buf, cap) => {
      const metadata = fake.session?.meta_data;
      return metadata === undefined ? notFound : member(metadata, io.text(name, nameLen), buf, cap);
    },
    metadata_set: (fake, ptr, len) => {
      if (fake.session === null) return notFound;
      const metadata = parse(ptr, len);
      if (metadata === null) return invalid;
      fake.session.meta_data = metadata;
    },
    config_get: (fake, scope, name, nameLen, buf, cap) =>
      member(scope === 0 ? fake.config : fake.api.config, io.text(name, nameLen), buf, cap),
    api_get: (fake, part, buf, cap) =>
      io.put([fake.api.id, fake.api.name, fake.api.orgID, fake.api.listenPath][part], buf, cap),
    notice_get: (fake, part, buf, cap) => {
      if (fake.hook !== "event") return notFound;
      return io.put([fake.notice.name, JSON.stringify(fake.notice.data)][part], buf, cap);
    },
  };
}

function system(io) {
  return {
    log: (fake, level, ptr, len) => {
      fake.logs.push([level, io.text(ptr, len)]);
    },
    clock: (fake, id) => (id === 0 ? BigInt(Date.now()) * 1_000_000n : process.hrtime.bigint()),
    time_left: (fake) => fake.timeLeft,
    env_get: (fake, name, nameLen, buf, cap) => io.put(fake.env[io.text(name, nameLen)], buf, cap),
    metric_add: (fake, name, nameLen, labels, labelsLen, value) => {
      fake.metrics.push(["add", io.text(name, nameLen), io.pairs(labels, labelsLen), value]);
    },
    metric_set: (fake, name, nameLen, labels, labelsLen, value) => {
      fake.metrics.push(["set", io.text(name, nameLen), io.pairs(labels, labelsLen), value]);
    },
    random: (fake, buf, cap) => {
      webcrypto.getRandomValues(io.view(buf, cap));
    },
  };
}

function kv(io) {
  const available = (f) => (fake, key, keyLen, ...args) =>
    fake.kv === null ? unavailable : f(fake.kv, io.text(key, keyLen), ...args);
  return {
    kv_get: available((all, key, buf, cap) => io.put(all[key], buf, cap)),
    kv_set: available((all, key, ptr, len) => {
      all[key] = io.text(ptr, len);
    }),
    kv_set_if_absent: available((all, key, ptr, len) => {
      if (key in all) return 0;
      all[key] = io.text(ptr, len);
      return 1;
    }),
    kv_incr: available((all, key, sum, delta) => {
      const n = BigInt(all[key] ?? 0) + delta;
      all[key] = String(n);
      io.view(sum, 8).writeBigInt64LE(n);
    }),
    kv_del: available((all, key) => {
      delete all[key];
    }),
  };
}

function http(io) {
  let response = null;
  return {
    http_request: (fake, method, methodLen, url, urlLen, header, headerLen, body, bodyLen) => {
      const answer = fake.http({
        method: io.text(method, methodLen),
        url: io.text(url, urlLen),
        header: io.pairs(header, headerLen),
        body: io.bytes(body, bodyLen),
      });
      response = typeof answer === "number" ? null : { header: [], body: "", ...answer };
      return response?.status ?? answer;
    },
    http_response_header: (fake, name, nameLen, buf, cap) => {
      const wanted = io.text(name, nameLen).toLowerCase();
      return io.put(response?.header.find((field) => field[0].toLowerCase() === wanted)?.[1], buf, cap);
    },
    http_response_header_all: (fake, buf, cap) =>
      response === null ? notFound : io.putList(response.header.flat(), buf, cap),
    http_response_body_size: () => (response === null ? notFound : Buffer.from(response.body).length),
    http_response_body_read: (fake, offset, buf, cap) =>
      cap === 0 ? 0 : Buffer.from(response.body).copy(io.view(buf, cap), 0, offset),
  };
}
