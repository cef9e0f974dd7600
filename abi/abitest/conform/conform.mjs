// conform as a Node process, see the README of the conformance kit.

import { HOOKS, Message, PARTS, Plugin } from '../../../sdk/coproc/node/index.js';
import { edits as changes, putBody } from '../../../sdk/coproc/node/lib/result.js';

const none = '(none)';

// Run is one call: it collects the changes that the answer will hold.
class Run {
  constructor(call) {
    this.call = call;
    this.config = call.api.config ?? {};
    this.edits = { request: {}, response: {} };
    this.result = { action: call.hook === 'auth' ? 'allow' : 'continue' };
  }

  async script() {
    for (const line of this.config.script?.[this.call.hook] ?? []) await this.line(line);
    for (const [part, edits] of Object.entries(this.edits)) {
      if (Object.keys(edits).length > 0) this.result[part] = edits;
    }
    return this.result;
  }

  async line(line) {
    const [name, args] = cut(line);
    if (name === 'fail') throw new Error('told to fail');
    else if (name === 'hang') await hang(this.call.signal);
    else if (name === 'print') console.log(args);
    else if (name.startsWith('echo-')) this.echo(name, args);
    else if (name.endsWith('-header')) this.header(name, args);
    else if (name.endsWith('-body')) this.body(name, Buffer.from(args, 'hex'));
    else this.set(name, args);
  }

  part(op) { return op.includes('-reply-') ? 'response' : 'request'; }

  seen(part) { return this.call[part] ?? new Message({}); }

  // merge adds edits to those of the request or of the reply.
  merge(part, edits) {
    const mine = this.edits[part];
    for (const [name, change] of Object.entries(edits)) {
      if (Array.isArray(change)) mine[name] = [...(mine[name] ?? []), ...change];
      else mine[name] = { ...mine[name], ...change };
    }
  }

  header(op, args) {
    const [name, value] = cut(args);
    const kinds = {
      set: { set_headers: { [name]: value } },
      add: { add_headers: [[name, value]] },
      del: { delete_headers: [name] },
    };
    this.merge(this.part(op), changes(kinds[op.slice(0, 3)]));
  }

  body(op, data) {
    const part = this.part(op);
    const all = op.startsWith('append-') ? Buffer.concat([this.seen(part).body, data]) : data;
    putBody(this.edits[part], all);
  }

  set(op, args) {
    const [first, rest] = cut(args);
    switch (op) {
      case 'set-method': this.edits.request.method = args; break;
      case 'set-host': this.edits.request.host = args; break;
      case 'set-uri': this.edits.request.url = args; break;
      case 'set-status': this.edits.response.status_code = Number(args); break;
      case 'set-meta': this.result.meta = { ...this.result.meta, [first]: rest }; break;
      case 'set-session': {
        const { meta_data: metadata, ...session } = JSON.parse(args); // the session store says meta_data
        this.result.session = { ...session, metadata };
        break;
      }
      case 'set-metadata': this.result.session = { metadata: JSON.parse(args) }; break;
      case 'answer':
        this.result.action = 'respond';
        this.edits.response.status_code = Number(first);
        this.body('set-reply-body', Buffer.from(rest, 'hex'));
        break;
      default: throw new Error(`no such line: ${op}`);
    }
  }

  echo(op, args) {
    const [source, target] = cut(args);
    const value = this.see(op, source);
    const part = this.call.hook === 'response' ? 'response' : 'request';
    this.merge(part, changes({ set_headers: { [target || source]: value } }));
  }

  see(op, source) {
    const { request, meta, session } = this.call;
    const reply = this.seen('response');
    switch (op) {
      case 'echo-header': return request.header(source) ?? none;
      case 'echo-values': return joined(request.headerValues(source));
      case 'echo-reply-header': return reply.header(source) ?? none;
      case 'echo-meta': return meta[source] ?? none;
      case 'echo-config': return this.config[source] ?? none;
      case 'echo-metadata': return session?.metadata?.[source] ?? none;
      case 'echo-session': return session ? `${session.key_id ?? ''}/${session.alias ?? ''}` : none;
      case 'echo-method': return request.method;
      case 'echo-uri': return request.url;
      case 'echo-host': return request.host;
      case 'echo-status': return String(reply.status);
      case 'echo-body': return request.body.toString('hex') || '(empty)';
      case 'echo-reply-body': return reply.body.toString('hex') || '(empty)';
      default: throw new Error(`no such line: ${op}`);
    }
  }
}

// cut splits at the first space.
function cut(text) {
  const at = text.indexOf(' ');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

// joined joins values that may be bytes.
function joined(values) {
  if (values.length === 0) return none;
  return Buffer.concat(values.flatMap((value, i) => (i === 0 ? [value] : ['|', value])).map((value) => Buffer.from(value)));
}

function hang(signal) {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

new Plugin('conform', { version: '1.0' })
  .hook('conform', { hooks: [...HOOKS], body: 'utf8', writes: [...PARTS] }, (call) => new Run(call).script())
  .main();
