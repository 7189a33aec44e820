import { fork, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const LOAD = fileURLToPath(new URL('../load/main.mjs', import.meta.url));
const ANSWER_MS = 60_000;
const EXIT_MS = 5_000;

/** A child that answers each question with one message, within a bound of time. */
class Child {
  constructor(name, process) {
    this.process = process;
    this.gone = new Promise((resolve) => process.once('exit', resolve));
    this.answers = [];
    this.failure = undefined;
    process.once('error', (error) => this.fail(error));
    void this.gone.then(() => this.fail(new Error(`${name} has ended`)));
    this.name = name;
  }

  /** The next message. @throws Error when it does not come in time, or the child is gone */
  next(withinMs = ANSWER_MS) {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) return reject(this.failure);
      const timer = setTimeout(() => this.fail(new Error(`${this.name} does not answer`)), withinMs);
      this.answers.push((error, message) => {
        clearTimeout(timer);
        if (error === undefined) resolve(message);
        else reject(error);
      });
    });
  }

  answer(message) {
    this.answers.shift()?.(undefined, message);
  }

  fail(error) {
    this.failure ??= error;
    for (const answer of this.answers.splice(0)) answer(this.failure);
  }

  /** Waits until it has ended by itself, and kills it if it does not. */
  async waitForEnd() {
    const timer = setTimeout(() => this.process.kill('SIGKILL'), EXIT_MS);
    await this.gone;
    clearTimeout(timer);
  }
}

/** A server process. It prints its port, answers questions, and ends when its input does. */
export class ServerProcess extends Child {
  /** `words` are the arguments that `servers/control.mjs` reads. */
  constructor(name, server, words, nodeOptions = []) {
    const env = { ...process.env, DO_NOT_TRACK: '1', DENO_NO_UPDATE_CHECK: '1', ...server.env };
    const args = server.command === process.execPath ? [...nodeOptions, ...server.args] : server.args;
    super(name, spawn(server.command, [...args, ...words], { env, stdio: ['pipe', 'pipe', 'inherit'] }));
    createInterface({ input: this.process.stdout }).on('line', (line) => this.answer(JSON.parse(line)));
    // a dead child is noticed by its exit, not by failed writes
    this.process.stdin.on('error', () => {});
  }

  get pid() {
    return this.process.pid;
  }

  collectGarbage() {
    return this.ask('gc');
  }

  /** Asks one of the questions of `servers/control.mjs`. */
  async ask(question) {
    this.process.stdin.write(`${question}\n`);
    const { answer } = await this.next();
    return answer;
  }

  async stop() {
    this.process.stdin.end();
    await this.waitForEnd();
  }
}

/** A load generator process. */
export class LoadProcess extends Child {
  constructor(name) {
    super(name, fork(LOAD));
    this.process.on('message', (message) => this.answer(message));
  }

  /** Runs one of the load generator's methods. */
  async call(method, options = {}) {
    if (this.failure === undefined) this.process.send({ method, options });
    const { result, error } = await this.next(ANSWER_MS + (options.durationMs ?? 0));
    if (error !== undefined) throw new Error(`${this.name}: ${error}`);
    return result;
  }

  async stop() {
    if (this.process.connected) this.process.disconnect();
    await this.waitForEnd();
  }
}
