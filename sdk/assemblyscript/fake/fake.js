import { host } from "./host.js";

/**
 * Fake stands in for the gateway in tests of a plugin. Its fields are what the
 * plugin will see, and afterwards what it made of it. Without arguments it is
 * an empty GET request in the hook pre. Texts are strings, or Uint8Arrays
 * where their bytes are not UTF-8; what a plugin writes comes back as strings,
 * bodies as Buffers.
 *
 * Unlike the gateway it checks neither the spelling of names and values nor
 * limits.
 */
export class Fake {
  hook = "pre"; // null: none is running
  request = ["GET", "/", "example.com", "192.0.2.1:1234", "HTTP/1.1", "http", "1"];
  requestHeader = []; // of [name, value]
  requestBody = Buffer.alloc(0); // null: not buffered
  status = 0;
  replyHeader = [];
  replyBody = Buffer.alloc(0);
  meta = {};
  session = null;
  config = {};
  api = { id: "", name: "", orgID: "", listenPath: "/", config: {} };
  notice = { name: "", data: {} };
  timeLeft = 1_000_000_000n;
  kv = {}; // of strings; null: not available
  env = {};
  http = () => -9; // gets { method, url, header, body }, returns { status, header, body } or an error code
  metrics = []; // of [function, name, labels, value]
  logs = []; // of [level, line]
  calls = []; // names of the host functions that were called

  constructor(fields = {}) {
    const { method, uri, host, ...rest } = fields;
    Object.assign(this, rest);
    if (method !== undefined) this.request[0] = method;
    if (uri !== undefined) this.request[1] = uri;
    if (host !== undefined) this.request[2] = host;
  }
}

/** Plugin is one instance of a plugin: pooled mode. Fresh mode is a new one for every call. */
export class Plugin {
  #fake;
  #idle;
  #exports;

  /** Starts the instance; it sees configuration and environment outside of hooks, too. */
  constructor(module, { config = {}, env = {} } = {}) {
    this.#fake = this.#idle = new Fake({ hook: null, config, env });
    const imports = host(() => this.#fake, () => this.#exports.memory.buffer);
    this.#exports = new WebAssembly.Instance(module, { sallyport: imports }).exports;
    this.#exports._initialize?.();
  }

  /** Runs the hook of a fake and returns the verdict, 0 to continue or 1 to respond. */
  call(fake) {
    this.#fake = fake;
    try {
      return this.#exports[`sallyport_${fake.hook}`]();
    } finally {
      this.#fake = this.#idle;
    }
  }

  /** What was logged outside of hooks. */
  get logs() {
    return this.#idle.logs;
  }

  /** The number of bytes of the instance's memory. */
  get memory() {
    return this.#exports.memory.buffer.byteLength;
  }
}
