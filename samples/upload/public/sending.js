/** The recent time over which the speed is measured. */
const SPEED_WINDOW_MS = 3000;

const BY_CLOSE_CODE = { 1001: 'stopping', 1009: 'too-big', 1011: 'failed', 1013: 'full' };

/**
 * One file on its way. Handlers: `onProgress()`, `onDone({ name, size, sha256 })` and `onFailure(reason, message?)`, where
 * the reason is one of `unreadable`, `unreachable`, `broken`, `too-big`, `full`, `stopping` and `failed`.
 */
export class Sending {
  sent = 0;
  received = 0;
  #worker = new Worker('sender.js');
  #startedAt = performance.now();
  #recent = [];
  #handlers;
  #ended = new AbortController();

  constructor(file, handlers) {
    this.file = file;
    this.#handlers = handlers;
    const { signal } = this.#ended;
    this.#worker.addEventListener('message', ({ data }) => this.#hear(data), { signal });
    // the worker's script comes from the server, too
    this.#worker.addEventListener('error', () => this.#fail('unreachable'), { signal });
    addEventListener('offline', () => this.#fail('broken'), { signal });
    addEventListener('beforeunload', (event) => event.preventDefault(), { signal });
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const url = `${scheme}//${location.host}/upload/${encodeURIComponent(file.name)}`;
    this.#worker.postMessage({ file, url });
  }

  get seconds() {
    return (performance.now() - this.#startedAt) / 1000;
  }

  /** Bytes a second at present; undefined while unknown. */
  get speed() {
    const [first] = this.#recent;
    const last = this.#recent.at(-1);
    if (first === undefined || last.at - first.at < 300) return undefined;
    return ((last.received - first.received) / (last.at - first.at)) * 1000;
  }

  cancel() {
    this.#end();
    this.#worker.terminate();
  }

  #hear(message) {
    switch (message.type) {
      case 'sent':
        this.sent = message.bytes;
        return this.#handlers.onProgress();
      case 'progress':
        this.#measure(message.received);
        return this.#handlers.onProgress();
      case 'done':
        this.#end();
        // the worker closes the connection properly
        this.#worker.addEventListener('message', ({ data }) => data.type === 'closed' && this.#worker.terminate());
        return this.#handlers.onDone(message);
      case 'error':
        return this.#fail(message.code, message.message);
      case 'closed':
        return this.#fail(BY_CLOSE_CODE[message.code] ?? (message.opened ? 'broken' : 'unreachable'));
      case 'unreadable':
        return this.#fail('unreadable');
    }
  }

  #measure(received) {
    const at = performance.now();
    this.received = received;
    this.#recent.push({ at, received });
    while (at - this.#recent[0].at > SPEED_WINDOW_MS) this.#recent.shift();
  }

  #fail(reason, message) {
    this.cancel();
    this.#handlers.onFailure(reason, message);
  }

  #end() {
    this.#ended.abort();
  }
}
