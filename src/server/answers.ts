import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

interface Wait {
  readonly answers: Set<ServerResponse>;
  readonly resolve: () => void;
}

/** Plain requests in progress. A server that stops waits for them, and closes idle connections. */
export class Answers {
  /** By socket or HTTP/2 stream, in the order of the requests. The set of an idle connection is empty. */
  private readonly underWay = new Map<Duplex, Set<ServerResponse>>();
  private readonly waits = new Set<Wait>();
  private draining = false;

  /** Returns false where the previous answer was the last on the connection: the request is not processed (RFC 9112 9.6). */
  begin(carrier: Duplex, answer: ServerResponse): boolean {
    const answers = this.underWay.get(carrier) ?? this.track(carrier);
    if (this.draining) {
      const previous = lastOf(answers);
      if (previous !== undefined && !previous.shouldKeepAlive && previous.headersSent) return false;
      if (previous !== undefined) previous.shouldKeepAlive = true;
      answer.shouldKeepAlive = false;
    }
    answers.add(answer);
    answer.on('close', () => this.onDone(carrier, answers, answer));
    return true;
  }

  /** The latest answer in progress on a connection. */
  on(carrier: Duplex): ServerResponse | undefined {
    return lastOf(this.underWay.get(carrier));
  }

  /** The connection has become a WebSocket. */
  forget(carrier: Duplex): void {
    if (this.underWay.delete(carrier)) carrier.off('close', this.onClose);
  }

  /**
   * Closes idle connections now, and the others after their answers, which say `Connection: close` unless they have begun.
   * Resolves when all answers in progress have left, or cannot leave any more.
   */
  drain(): Promise<void> {
    this.draining = true;
    for (const [carrier, answers] of this.underWay) {
      const last = lastOf(answers);
      if (last === undefined) leave(carrier);
      else if (!last.headersSent) last.shouldKeepAlive = false;
    }
    const answers = new Set([...this.underWay.values()].flatMap((those) => [...those]));
    if (answers.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.waits.add({ answers, resolve }));
  }

  /** Prepares for another start. */
  reset(): void {
    this.draining = false;
    this.waits.clear();
  }

  private track(carrier: Duplex): Set<ServerResponse> {
    const answers = new Set<ServerResponse>();
    this.underWay.set(carrier, answers);
    carrier.on('close', this.onClose);
    return answers;
  }

  private onDone(carrier: Duplex, answers: Set<ServerResponse>, answer: ServerResponse): void {
    answers.delete(answer);
    this.settle(answer);
    // an answer whose headers left before the drain did not announce the end
    if (this.draining && answers.size === 0) leave(carrier);
  }

  private settle(answer: ServerResponse): void {
    for (const wait of this.waits) {
      if (!wait.answers.delete(answer) || wait.answers.size > 0) continue;
      this.waits.delete(wait);
      wait.resolve();
    }
  }

  private readonly onClose = closeListener((carrier) => {
    const answers = this.underWay.get(carrier);
    this.underWay.delete(carrier);
    // of several answers Node tells only the first
    for (const answer of answers ?? []) this.settle(answer);
  });
}

/** One listener for all sockets: Node calls it with the socket as `this`. */
function closeListener(closed: (carrier: Duplex) => void) {
  return function (this: Duplex): void {
    closed(this);
  };
}

function lastOf(answers: Set<ServerResponse> | undefined): ServerResponse | undefined {
  let last: ServerResponse | undefined;
  for (const answer of answers ?? []) last = answer;
  return last;
}

/** Closes a connection when all written bytes have left. */
function leave(carrier: Duplex): void {
  if (carrier instanceof Socket) carrier.destroySoon();
  else carrier.end();
}
