// What a process offers.

import { readFileSync } from 'node:fs';
import { Server } from './server.js';
import { takeStdout, writer } from './stdio.js';

export const HOOKS = Object.freeze([
  'pre', 'auth', 'post_key_auth', 'rate_limit', 'post', 'virtual', 'response', 'event',
]);
export const PARTS = Object.freeze(['headers', 'query', 'path', 'method', 'host', 'body', 'status', 'session', 'meta']);
const REPLACING = new Set(['auth', 'rate_limit', 'virtual']);
const BODIES = ['none', 'utf8', 'base64'];

export class Plugin {
  #declared = [];
  #server;

  constructor(name = 'node', options = {}) {
    this.name = name;
    this.version = options.version ?? '0';
    this.max_in_flight = options.max_in_flight ?? 256;
    this.max_message = options.max_message ?? 8 << 20;
    this.grace = options.grace ?? 2000;
    this.handlers = new Map(); // by key()
    this.gateway = {}; // params of initialize: gateway, limits, sandbox, pid
    this.loaded = undefined;
    this.unloaded = undefined;
  }

  // hook declares a function as the handler of hooks. name is the `entry` of a
  // plugin in the gateway's configuration.
  hook(name, declaration, handler) {
    const { hooks, headers = 'all', body = 'none', writes = [], ...rest } = declaration;
    if (!hooks?.length) throw new TypeError('a handler needs a hook');
    if (typeof handler !== 'function') throw new TypeError('a handler is a function');
    check('hook', hooks, HOOKS);
    check('part', writes, PARTS);
    check('body', [body], BODIES);
    check('option', Object.keys(rest), ['max_body', 'truncate', 'idempotent', 'cacheable']);
    for (const hook of hooks) {
      if (this.handlers.has(key(name, hook))) throw new TypeError(`two handlers named ${name} for the hook ${hook}`);
      this.handlers.set(key(name, hook), handler);
    }
    this.#declared.push({ name, hooks, rest: { headers, body, writes, ...rest } });
    return this;
  }

  handler(name, hook) { return this.handlers.get(key(name, hook)); }

  // declarations returns what the gateway is told: each handler once for the
  // hooks it replaces and once for those it augments.
  declarations() {
    const out = [];
    for (const { name, hooks, rest } of this.#declared) {
      for (const [mode, replaces] of [['augment', false], ['replace', true]]) {
        const some = hooks.filter((hook) => REPLACING.has(hook) === replaces);
        if (some.length > 0) out.push({ hook_name: name, hook_types: some, mode, ...rest });
      }
    }
    return out;
  }

  onLoad(load) {
    this.loaded = load;
    return this;
  }

  onUnload(unload) {
    this.unloaded = unload;
    return this;
  }

  log(level, text, attrs) { this.#notify('log', { level, msg: text, attrs }); }
  count(name, delta = 1, labels = undefined) {
    this.#notify('metric', { name, kind: 'counter', value: delta, labels });
  }
  gauge(name, value, labels) { this.#notify('metric', { name, kind: 'gauge', value, labels }); }
  status(state, max_in_flight) { this.#notify('status', { state, max_in_flight }); }
  #notify(method, params) { this.#server?.notify(method, params); }

  // main serves on stdin and stdout until stdin ends, and exits. With
  // --play FILE it plays the file instead.
  main() {
    const write = writer(takeStdout());
    if (process.argv.length === 4 && process.argv[2] === '--play') {
      this.play(readFileSync(process.argv[3], 'utf8'), (text) => write(Buffer.from(text))).then(() => process.exit(0));
      return;
    }
    const server = this.#server = new Server(this, write);
    process.stdin.on('data', (chunk) => server.feed(chunk));
    const end = () => server.end().then(() => process.exit(0)); // timers and connections must not keep us
    process.stdin.once('end', end);
    process.stdin.once('error', end);
  }

  // play is the testing mode: it feeds the frames in a text, one per line, and
  // writes the answers. A frame is fed when the calls before it are answered,
  // unless it is a cancel: the output is the same every time. Lines that begin
  // with # are comments.
  async play(frames, write) {
    const server = this.#server = new Server(this, (data) => write(data.toString()));
    for (const line of frames.split('\n')) {
      if (line.startsWith('#')) continue;
      if (!line.includes('"cancel"')) await server.idle();
      server.feed(Buffer.from(line + '\n'));
    }
    await server.idle();
    server.flush();
  }
}

const key = (name, hook) => `${hook} ${name}`;

function check(what, given, known) {
  for (const name of given) {
    if (!known.includes(name)) throw new TypeError(`unknown ${what} ${name}: must be one of ${known.join(', ')}`);
  }
}
