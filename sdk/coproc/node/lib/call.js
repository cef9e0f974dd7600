// What a handler gets.

// API is what the gateway said of an API when it was loaded.
export class API {
  constructor(params) {
    this.id = params.api_id;
    this.generation = params.generation;
    this.org_id = params.org_id ?? '';
    this.hooks = params.hooks ?? [];
    this.config = params.config_data;
  }
}

// Message is a request or a reply.
export class Message {
  #fields;

  constructor(params) {
    this.params = params; // as it came
  }

  get method() { return this.params.method ?? ''; }
  get url() { return this.params.url ?? ''; }
  get scheme() { return this.params.scheme ?? ''; }
  get host() { return this.params.host ?? ''; }
  get remote_addr() { return this.params.remote_addr ?? ''; }
  get status() { return this.params.status_code ?? 0; }
  get truncated() { return this.params.body_truncated ?? false; }

  // headers are all fields in their order; a value that is not UTF-8 is a Buffer.
  get headers() {
    this.#fields ??= (this.params.header_list ?? []).map((pair) =>
      pair.length === 3 ? [pair[0], Buffer.from(pair[2], 'base64')] : pair);
    return this.#fields;
  }

  // header returns the first value of a field.
  header(name) {
    const wanted = name.toLowerCase();
    return this.headers.find(([key]) => key.toLowerCase() === wanted)?.[1];
  }

  headerValues(name) {
    const wanted = name.toLowerCase();
    return this.headers.filter(([key]) => key.toLowerCase() === wanted).map(([, value]) => value);
  }

  // body is a Buffer, if the handler declared that it needs the body.
  get body() {
    if (this.params.body !== undefined) return Buffer.from(this.params.body);
    return Buffer.from(this.params.raw_body ?? '', 'base64');
  }
}

// Call is one hook to run.
export class Call {
  #controller;
  #cancelled = false;
  #notify;

  constructor(params, api, notify) {
    this.params = params; // as they came
    this.api = api;
    this.request = new Message(params.request ?? {});
    this.response = params.response === undefined ? undefined : new Message(params.response);
    this.deadline = performance.now() + Math.max(params.deadline_ms ?? 0, 1);
    this.#notify = notify;
  }

  get hook() { return this.params.hook_type; }
  get request_id() { return this.params.request_id ?? ''; }
  get session() { return this.params.session; }
  get meta() { return this.params.meta ?? {}; }
  get event() { return this.params.event ?? {}; }

  // cancelled says that nobody waits for the answer any more.
  get cancelled() { return this.#cancelled || this.remaining() <= 0; }

  // signal is made when it is asked for: most calls need none.
  get signal() {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#cancelled) this.#controller.abort();
    }
    return this.#controller.signal;
  }

  remaining() { return this.deadline - performance.now(); }

  cancel() {
    this.#cancelled = true;
    this.#controller?.abort();
  }

  log(level, text, attrs) {
    this.#notify('log', { level, msg: text, attrs, request_id: this.request_id });
  }
}
