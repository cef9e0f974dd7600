// The handlers of the benchmarks in JavaScript.

import { Plugin, edit } from '../../../sdk/coproc/node/index.js';

const fields = { hooks: ['pre'], headers: ['user-agent', 'authorization'], writes: ['headers'] };

const change = (call, more) => edit({
  set_headers: { 'X-Tenant': 'acme', 'X-Agent': call.request.header('user-agent'), ...more },
  delete_headers: ['X-Debug'],
});

new Plugin('bench')
  .hook('headers', fields, (call) => change(call))
  .hook('body', { ...fields, body: 'utf8' }, (call) => change(call, { 'X-Size': String(call.request.body.length) }))
  .main();
