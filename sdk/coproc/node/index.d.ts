/// <reference types="node" />

export type Hook = 'pre' | 'auth' | 'post_key_auth' | 'rate_limit' | 'post' | 'virtual' | 'response' | 'event';
export type Part = 'headers' | 'query' | 'path' | 'method' | 'host' | 'body' | 'status' | 'session' | 'meta';
export type Level = 'debug' | 'info' | 'warn' | 'error';
export const HOOKS: readonly Hook[];
export const PARTS: readonly Part[];

/** A header value: text, or a Buffer if it is not UTF-8. */
export type Value = string | Buffer;
export type Body = string | Uint8Array;

export interface Declaration {
  hooks: Hook[];
  /** Names of the fields that are sent; all of them by default. */
  headers?: 'all' | string[];
  body?: 'none' | 'utf8' | 'base64';
  max_body?: number;
  truncate?: boolean;
  writes?: Part[];
  idempotent?: boolean;
  cacheable?: boolean;
}

export interface Session {
  key_id?: string;
  org_id?: string;
  alias?: string;
  tags?: string[];
  is_inactive?: boolean;
  rate?: number;
  per?: number;
  expires?: number;
  quota_max?: number;
  quota_remaining?: number;
  quota_renewal_rate?: number;
  metadata?: Record<string, unknown>;
}

export class API {
  readonly id: string;
  readonly generation: number;
  readonly org_id: string;
  readonly hooks: { hook_type: Hook; hook_name: string; config?: unknown }[];
  /** Config data of the API; undefined without. */
  readonly config: any;
}

export class Message {
  readonly method: string;
  /** Path and query as received. */
  readonly url: string;
  readonly scheme: string;
  readonly host: string;
  readonly remote_addr: string;
  readonly status: number;
  readonly headers: [string, Value][];
  readonly body: Buffer;
  readonly truncated: boolean;
  header(name: string): Value | undefined;
  headerValues(name: string): Value[];
}

export class Call {
  readonly hook: Hook;
  readonly api: API;
  readonly request_id: string;
  readonly request: Message;
  /** In the hook response. */
  readonly response?: Message;
  /** After auth. */
  readonly session?: Session;
  readonly meta: Record<string, string>;
  readonly event: { name?: string; data?: unknown };
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  readonly cancelled: boolean;
  /** Milliseconds until the deadline. */
  remaining(): number;
  log(level: Level, text: string, attrs?: Record<string, unknown>): void;
}

export interface Edits {
  delete_headers?: string[];
  set_headers?: Record<string, Value | Value[]>;
  add_headers?: [string, Value][];
  url?: string;
  delete_params?: string[];
  add_params?: Record<string, string>;
  extended_params?: Record<string, string[]>;
  method?: string;
  host?: string;
  body?: Body;
}

export interface Extras {
  /** For later plugins. */
  meta?: Record<string, string>;
  /** Replaces the session's metadata. */
  metadata?: Record<string, unknown>;
}

export interface Result {
  action: 'continue' | 'respond' | 'allow' | 'deny';
  [member: string]: unknown;
}

export type Handler = (call: Call) => Result | undefined | void | Promise<Result | undefined | void>;

export interface Options {
  version?: string;
  max_in_flight?: number;
  max_message?: number;
  /** What calls may take to end after stdin has ended, in milliseconds. */
  grace?: number;
}

export class Plugin {
  constructor(name?: string, options?: Options);
  /** The params of initialize: what the gateway said of itself, limits and sandbox. */
  readonly gateway: { gateway?: { name: string; version: string }; limits?: object; sandbox?: object; pid?: number };
  hook(name: string, declaration: Declaration, handler: Handler): this;
  /** Called before an API's calls, with each generation; throwing refuses the API. */
  onLoad(load: (api: API) => unknown): this;
  onUnload(unload: (api: API) => unknown): this;
  log(level: Level, text: string, attrs?: Record<string, unknown>): void;
  count(name: string, delta?: number, labels?: Record<string, string>): void;
  gauge(name: string, value: number, labels?: Record<string, string>): void;
  status(state: 'ready' | 'degraded' | 'overloaded', max_in_flight?: number): void;
  main(): void;
  play(frames: string, write: (text: string) => void): Promise<void>;
}

export class Failure extends Error {
  constructor(code: number, message: string, data?: unknown);
  readonly code: number;
}
export class Unavailable extends Failure { constructor(message: string); }
export class Overloaded extends Failure { constructor(retry_after_ms?: number); }

export function edit(edits?: Edits & Extras): Result;
export function editReply(edits: Pick<Edits, 'delete_headers' | 'set_headers' | 'add_headers' | 'body'> & { status?: number } & Extras): Result;
export function respond(status: number, body?: Body, headers?: Record<string, Value | Value[]>): Result;
export function refuse(status: number, text: string, headers?: Record<string, string>): Result;
export function allow(session: Session, edits?: Edits & Extras & { cache_ttl_ms?: number }): Result;
export function deny(status?: number, text?: string): Result;
