// What a handler throws to choose the error answer.

export const codes = Object.freeze({
  notJSON: -32700,
  badRequest: -32600,
  noMethod: -32601,
  badParams: -32602,
  failed: -32603,
  notReady: -32002,
  cancelled: -32800,
  noProtocol: 4001,
  noHandler: 4002,
  unknownAPI: 4003,
  overloaded: 4004,
  shuttingDown: 4005,
  unavailable: 4006,
});

// Failure is an error answer with a code. Its text goes to the gateway's log,
// never to the client.
export class Failure extends Error {
  constructor(code, message, data) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

// Unavailable: something that the handler depends on failed: 503 by policy.
export class Unavailable extends Failure {
  constructor(message) {
    super(codes.unavailable, message);
  }
}

// Overloaded: the call was not executed: 503, or another try after some time.
export class Overloaded extends Failure {
  constructor(retryAfterMS = 0) {
    super(codes.overloaded, 'overloaded', { retry_after_ms: retryAfterMS });
  }
}

// errorOf returns the error answer for what a handler threw.
export function errorOf(thrown) {
  if (thrown instanceof Failure) {
    return { code: thrown.code, message: thrown.message, data: thrown.data };
  }
  return { code: codes.failed, message: String(thrown) };
}
