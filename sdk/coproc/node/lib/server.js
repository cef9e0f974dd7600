// One session with a gateway.

import { API, Call } from './call.js';
import { Failure, codes, errorOf } from './errors.js';

const VERSION = '1.0';
const LF = 10;

export class Server {
  #plugin;
  #write;
  #parts = []; // of a line that is not complete
  #size = 0;
  #out = [];
  #flushing = false;
  #greeted = false;
  #ready = false;
  #leaving = false;
  #maxReply;
  #apis = new Map(); // by name and generation
  #jobs = new Map(); // calls and loads that are not answered, by id
  #whenIdle = [];
  #notify = (method, params) => this.notify(method, params);

  // write is called with a Buffer, and writes all of it.
  constructor(plugin, write) {
    this.#plugin = plugin;
    this.#write = write;
    this.#maxReply = plugin.max_message;
  }

  // feed takes bytes as they come. Lines are split here: the line reader of
  // the platform also splits at U+2028, which JSON may contain.
  feed(chunk) {
    let from = 0;
    for (let end; (end = chunk.indexOf(LF, from)) >= 0; from = end + 1) {
      this.#line(chunk.subarray(from, end));
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  #keep(part) {
    this.#size += part.length;
    if (this.#size <= this.#plugin.max_message + 1) this.#parts.push(part);
  }

  #line(last) {
    let line = last;
    if (this.#size > 0) {
      this.#keep(last);
      const tooLong = this.#size > this.#plugin.max_message + 1;
      line = Buffer.concat(this.#parts);
      this.#parts = [];
      this.#size = 0;
      if (tooLong) return this.#answer(null, 'error', { code: codes.badRequest, message: 'message too large' });
    }
    this.#receive(line.toString());
  }

  // end cancels the running calls, waits for them up to the grace period, and
  // sends what is left to send. An unfinished line before the end is dropped.
  async end() {
    for (const job of this.#jobs.values()) job.cancel();
    let timer;
    const grace = new Promise((resolve) => { timer = setTimeout(resolve, this.#plugin.grace); });
    await Promise.race([this.idle(), grace]);
    clearTimeout(timer);
    this.flush();
  }

  // idle waits until every call is answered.
  async idle() {
    if (this.#jobs.size > 0) await new Promise((resolve) => { this.#whenIdle.push(resolve); });
  }

  #receive(line) {
    if (line.trim() === '') return;
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      this.#answer(null, 'error', { code: codes.notJSON, message: 'not JSON' });
      return;
    }
    if (message === null || typeof message !== 'object' || Array.isArray(message)) {
      this.#answer(null, 'error', { code: codes.badRequest, message: 'not an object' });
      return;
    }
    const { id, method, params = {} } = message;
    if (id === undefined) {
      this.#notified(method, params);
      return;
    }
    try {
      this.#request(id, method, params);
    } catch (error) {
      const bad = { code: codes.badParams, message: String(error) };
      this.#answer(id, 'error', error instanceof Failure ? errorOf(error) : bad);
    }
  }

  #notified(method, params) {
    if (method === 'initialized') this.#ready = true;
    else if (method === 'cancel') this.#jobs.get(params?.id)?.cancel();
  }

  #request(id, method, params) {
    if (typeof method !== 'string') throw new Failure(codes.badRequest, 'no method');
    if (method === 'initialize' && !this.#greeted) return this.#initialize(id, params);
    if (!this.#ready) throw new Failure(codes.notReady, 'not initialized');
    switch (method) {
      case 'dispatch': return this.#dispatch(id, params);
      case 'ping': return this.#answer(id, 'result', {});
      case 'api/load': return this.#load(id, params);
      case 'api/unload': return this.#unload(id, params);
      case 'shutdown': return this.#shutdown(id);
      default: throw new Failure(codes.noMethod, 'method not found');
    }
  }

  #initialize(id, params) {
    if (!params.protocol.includes(VERSION)) {
      throw new Failure(codes.noProtocol, 'unsupported protocol', { supported: [VERSION] });
    }
    this.#greeted = true;
    const plugin = this.#plugin;
    plugin.gateway = params;
    this.#maxReply = Math.min(this.#maxReply, params.limits?.max_message_bytes || this.#maxReply);
    this.#answer(id, 'result', {
      protocol: VERSION,
      plugin: { name: plugin.name, version: plugin.version },
      limits: { max_in_flight: plugin.max_in_flight, max_message_bytes: plugin.max_message },
      handlers: plugin.declarations(),
    });
  }

  #load(id, params) {
    const api = new API(params);
    for (const { hook_name: name, hook_type: hook } of api.hooks) {
      if (!this.#plugin.handler(name, hook)) throw new Failure(codes.noHandler, `no handler ${name} for hook ${hook}`);
    }
    this.#run(id, this.#plugin.loaded, api, () => {
      this.#apis.set(apiKey(params), api);
      return {};
    });
  }

  #unload(id, params) {
    const api = this.#apis.get(apiKey(params));
    this.#apis.delete(apiKey(params));
    this.#run(id, api && this.#plugin.unloaded, api, () => ({}));
  }

  #shutdown(id) {
    this.#leaving = true;
    this.idle().then(() => this.#answer(id, 'result', {}));
  }

  #dispatch(id, params) {
    const handler = this.#plugin.handler(params.hook_name, params.hook_type);
    const api = this.#apis.get(apiKey(params));
    if (this.#leaving) throw new Failure(codes.shuttingDown, 'shutting down');
    if (!handler) throw new Failure(codes.noHandler, 'no such handler');
    if (!api) throw new Failure(codes.unknownAPI, 'API generation unknown');
    if (this.#jobs.size >= this.#plugin.max_in_flight) throw new Failure(codes.overloaded, 'overloaded');
    const call = new Call(params, api, this.#notify);
    this.#run(id, handler, call, call.hook === 'auth' ? authResult : result, call);
  }

  // run calls a function and answers with what done makes of its result: at
  // once, or when its promise settles.
  #run(id, run, argument, done, call) {
    let value;
    try {
      value = run?.(argument);
    } catch (error) {
      this.#failed(id, error, call);
      return;
    }
    if (typeof value?.then === 'function') this.#wait(id, value, done, call);
    else this.#finish(id, value, done, call);
  }

  #wait(id, promise, done, call) {
    const cancel = () => call?.cancel();
    const timer = call && setTimeout(cancel, Math.max(call.remaining(), 1));
    this.#jobs.set(id, { cancel });
    const settle = (answer) => {
      clearTimeout(timer);
      this.#jobs.delete(id);
      answer();
      if (this.#jobs.size === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
    };
    promise.then(
      (value) => settle(() => this.#finish(id, value, done, call)),
      (error) => settle(() => this.#failed(id, error, call)),
    );
  }

  #finish(id, value, done, call) {
    let outcome;
    try {
      outcome = done(value);
    } catch (error) {
      this.#failed(id, error, call);
      return;
    }
    this.#answer(id, 'result', outcome);
  }

  #failed(id, error, call) {
    if (call?.cancelled && error?.name === 'AbortError') {
      this.#answer(id, 'error', { code: codes.cancelled, message: 'cancelled' });
      return;
    }
    if (!(error instanceof Failure)) console.error(error); // where it happened goes to the gateway's log
    this.#answer(id, 'error', errorOf(error));
  }

  // notify sends a notification.
  notify(method, params) {
    this.#send(JSON.stringify({ jsonrpc: '2.0', method, params }));
  }

  // answer sends an answer; what cannot be sent becomes a failure.
  #answer(id, kind, value) {
    let line;
    try {
      line = JSON.stringify({ jsonrpc: '2.0', id, [kind]: value });
      if (tooLong(line, this.#maxReply)) throw new RangeError('answer exceeds what the gateway takes');
    } catch (error) {
      line = JSON.stringify({ jsonrpc: '2.0', id, error: { code: codes.failed, message: String(error) } });
    }
    this.#send(line);
  }

  #send(line) {
    this.#out.push(line);
    if (!this.#flushing) { // after whatever is ready now: one write for all
      this.#flushing = true;
      setImmediate(() => this.flush());
    }
  }

  flush() {
    this.#flushing = false;
    if (this.#out.length === 0) return;
    this.#out.push('');
    const data = Buffer.from(this.#out.join('\n'));
    this.#out = [];
    this.#write(data);
  }
}

const apiKey = (params) => `${params.generation} ${params.api_id}`;

// tooLong counts bytes only where the number of characters does not decide.
function tooLong(line, limit) {
  return line.length * 3 > limit && Buffer.byteLength(line) > limit;
}

function result(value) {
  if (value === undefined || value === null) return { action: 'continue' };
  if (typeof value !== 'object') throw new TypeError(`handler returned a ${typeof value}, not a result`);
  return value;
}

function authResult(value) {
  if (value === undefined || value === null) throw new TypeError('auth handler returned nothing');
  return result(value);
}
