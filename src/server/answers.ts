import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

interface Wait {
  readonly answers: Set<ServerResponse>;
  readonly resolve: () => void;
}

/** The plain requests that are being answered, so that a server which stops can wait for them and let idle connections go. */
export class Answers {
  /** By socket, or stream of HTTP/2, in the order of the requests; none where the connection is idle. */
  private readonly underWay = new Map<Duplex, Set<ServerResponse>>();
  private readonly waits = new Set<Wait>();
  private draining = false;

  /** False: the answer before it was the last on its connection, so it is not to be processed (RFC 9112 9.6). */
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

  /** What is the last to be answered on a connection now. */
  on(carrier: Duplex): ServerResponse | undefined {
    return lastOf(this.underWay.get(carrier));
  }

  /** It carries plain requests no more. */
  forget(carrier: Duplex): void {
    if (this.underWay.delete(carrier)) carrier.off('close', this.onClose);
  }

  /**
   * Idle connections go now, the others after what they wait for: their answers say `Connection: close`, as far as they have not
   * begun. Resolves when all answers that are under way now have left, or cannot any more.
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

  /** The server has stopped, and may start again. */
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
    // one whose headers had left before the drain said nothing of its end
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
    // Node tells none but the first of several
    for (const answer of answers ?? []) this.settle(answer);
  });
}

/** One for all sockets, which Node calls as a method of each. */
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

/** When what is written has left. */
function leave(carrier: Duplex): void {
  if (carrier instanceof Socket) carrier.destroySoon();
  else carrier.end();
}
