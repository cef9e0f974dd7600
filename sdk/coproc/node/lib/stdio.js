// The process's stdout, kept from whatever else prints.

import { closeSync, openSync, writeSync } from 'node:fs';

// takeStdout returns a descriptor for the protocol. Whatever prints from now
// on prints to stderr: where /proc shows our descriptors, also a program that
// we start or an addon; elsewhere, and in the gateway's sandbox, JavaScript
// only, because Node cannot duplicate a descriptor.
export function takeStdout() {
  let out;
  try {
    out = openSync('/proc/self/fd/1', 'a');
  } catch {
    process.stdout.write = process.stderr.write.bind(process.stderr);
    return 1;
  }
  closeSync(1); // the next descriptor that is opened is 1
  try {
    openSync('/proc/self/fd/2', 'a');
  } catch {
    openSync('/dev/null', 'a');
  }
  return out;
}

// writer returns a function that writes all of its argument. It drops the
// argument when the gateway is gone, because stdin then ends too.
export function writer(fd) {
  let gone = false;
  return (data) => {
    for (let at = 0; at < data.length && !gone;) {
      try {
        at += writeSync(fd, data, at);
      } catch (error) {
        if (error.code === 'EAGAIN') pause();
        else gone = true;
      }
    }
  };
}

// pause lets the reader of a pipe that does not block catch up.
function pause() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}
