// Plugins for the Sallyport gateway as a process of their own.
export { Plugin, HOOKS, PARTS } from './lib/plugin.js';
export { Failure, Unavailable, Overloaded } from './lib/errors.js';
export { API, Call, Message } from './lib/call.js';
export { allow, deny, edit, editReply, refuse, respond } from './lib/result.js';
