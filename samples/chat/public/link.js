const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 15_000;

/**
 * A WebSocket that comes back when it is lost, each time after a longer wait. `onState` gets 'connecting', 'open' or
 * 'lost'; `onMessage` what the server sends, parsed.
 */
export class Link {
  #url;
  #handlers;
  #socket;
  #timer;
  #failures = 0;
  #closed = new AbortController();

  constructor(url, handlers) {
    this.#url = url;
    this.#handlers = handlers;
    const { signal } = this.#closed;
    addEventListener('online', () => this.#hurry(), { signal });
    addEventListener('offline', () => this.#lose(), { signal });
    document.addEventListener('visibilitychange', () => document.hidden || this.#hurry(), { signal });
    this.#connect();
  }

  /** Returns whether it could be sent. */
  send(message) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Call when the server has answered: the next loss counts as the first. */
  settle() {
    this.#failures = 0;
  }

  close() {
    this.#closed.abort();
    clearTimeout(this.#timer);
    this.#forget();
  }

  #connect() {
    this.#handlers.onState('connecting');
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => this.#handlers.onState('open');
    socket.onmessage = ({ data }) => this.#handlers.onMessage(JSON.parse(data));
    socket.onclose = () => this.#lose();
  }

  #lose() {
    if (this.#socket === undefined) return;
    this.#forget();
    const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** this.#failures++);
    // spread the pages over time after the server went away
    this.#timer = setTimeout(() => this.#connect(), delay * (0.5 + Math.random() / 2));
    this.#handlers.onState('lost');
  }

  #hurry() {
    if (this.#socket !== undefined) return;
    clearTimeout(this.#timer);
    this.#connect();
  }

  #forget() {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}
