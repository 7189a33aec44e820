import { createHistogram } from 'node:perf_hooks';
import { clientFrame } from './frames.mjs';

const TICK_MS = 10;
const PAYLOAD_BYTES = 64;
const TEXT = 0x81;
const PING = 0x89;
const CLOSE = 0x88;

function milliseconds(histogram) {
  const { count, max } = histogram;
  const [p50, p99, p999] = [50, 99, 99.9].map((percent) => histogram.percentile(percent) / 1e6);
  return { p50, p99, p999, max: count === 0 ? 0 : max / 1e6 };
}

/** Every client sends a message once in `everyMs`, evenly spread, and checks that it comes back. */
export class Soak {
  sent = 0;
  answered = 0;
  /** Connections that the server ended. */
  lost = 0;
  overall = createHistogram();
  latest = createHistogram();

  constructor(clients, everyMs) {
    this.talkers = clients.map((client, at) => new Talker(client, at, this));
    this.everyMs = everyMs;
    this.startedAt = performance.now();
    this.timer = setInterval(() => this.speak(), TICK_MS);
  }

  /** Latencies count from now on. */
  warm() {
    this.overall = createHistogram();
    this.latest = createHistogram();
  }

  /** Counts until now, and those since the last sample in `latest`. */
  sample() {
    const { sent, answered, lost } = this;
    const sample = { sent, answered, lost, overall: milliseconds(this.overall), latest: milliseconds(this.latest) };
    this.latest = createHistogram();
    return sample;
  }

  stop() {
    clearInterval(this.timer);
  }

  /** Sends for all clients whose turn has come. */
  speak() {
    const { talkers } = this;
    const due = Math.floor(((performance.now() - this.startedAt) / this.everyMs) * talkers.length);
    while (this.sent < due) talkers[this.sent++ % talkers.length].speak();
  }
}

class Talker {
  count = 0;
  /** Messages that have not come back yet, with the time. */
  waiting = [];
  rest;

  constructor(client, at, soak) {
    this.client = client;
    this.at = at;
    this.soak = soak;
    client.meter = (count, buffer) => this.read(buffer.subarray(0, count));
    client.onGone = () => void soak.lost++;
  }

  speak() {
    const payload = Buffer.from(`${this.at}: ${this.count++}`.padEnd(PAYLOAD_BYTES));
    this.waiting.push({ payload, at: performance.now() });
    this.client.write(clientFrame('text', payload));
  }

  /** All frames of the server are shorter than 126 bytes. */
  read(bytes) {
    let left = this.rest === undefined ? bytes : Buffer.concat([this.rest, bytes]);
    while (left.length >= 2 && left.length >= 2 + left[1]) {
      this.hear(left[0], left.subarray(2, 2 + left[1]));
      left = left.subarray(2 + left[1]);
    }
    this.rest = left.length > 0 ? Buffer.from(left) : undefined;
  }

  hear(first, payload) {
    if (first === PING) this.client.write(clientFrame('pong', payload));
    else if (first === TEXT) this.hearEcho(payload);
    else
      throw new Error(
        first === CLOSE ? `the server closed with ${payload.readUInt16BE()}` : `a frame begins with ${first}`,
      );
  }

  hearEcho(payload) {
    const said = this.waiting.shift();
    if (said === undefined || !said.payload.equals(payload))
      throw new Error(`not what was said: ${payload.toString()}`);
    const nanoseconds = Math.max(1, Math.round((performance.now() - said.at) * 1e6));
    this.soak.overall.record(nanoseconds);
    this.soak.latest.record(nanoseconds);
    this.soak.answered++;
  }
}
