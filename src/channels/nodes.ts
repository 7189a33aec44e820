import type { Clock } from '../messages';

/** Each node says that often that it lives. */
const BEAT_MS = 1000;

/** A node that was silent for so long is gone, and all that was on it. */
const LEASE_MS = 3500;

/** An answer takes so long at most. */
const ANSWER_MS = 1000;

interface Question {
  readonly waitsFor: Set<string>;
  readonly answers: unknown[];
  readonly done: (answers: unknown[]) => void;
  readonly deadline: { cancel(): void };
}

/** What nodes tell each other about themselves. */
export interface NodesHost {
  tellAll(what: object): void;
  tell(node: string, what: object): void;
  answer(question: Record<string, unknown>): unknown;
  appeared(node: string): void;
  /** Its lease ran out, or it said goodbye. */
  vanished(node: string): void;
}

/** The other processes that are on the backplane, and what one asks them. */
export class Nodes {
  /** When each was last heard of. */
  private readonly heardAt = new Map<string, number>();
  private readonly questions = new Map<number, Question>();
  private asked = 0;
  private beating: { cancel(): void } | undefined;
  /** When we could last have heard of them. */
  private listeningSince = 0;
  private beatAt = 0;
  private isUp = false;

  constructor(
    private readonly host: NodesHost,
    private readonly clock: Clock,
  ) {}

  onUp(): void {
    this.isUp = true;
    this.listeningSince = this.clock.now();
    this.host.tellAll({ is: 'hello' });
    this.beatLater();
  }

  onDown(): void {
    this.isUp = false;
    this.beating?.cancel();
    this.beating = undefined;
  }

  stop(): void {
    if (this.isUp) this.host.tellAll({ is: 'bye' });
    this.onDown();
    for (const { done, answers } of this.questions.values()) done(answers);
    this.heardAt.clear();
  }

  /** What all others answer; those that do not answer in time are left out. */
  ask(question: object): Promise<unknown[]> {
    if (!this.isUp || this.heardAt.size === 0) return Promise.resolve([]);
    const id = ++this.asked;
    return new Promise((resolve) => {
      const done = (answers: unknown[]): void => {
        this.questions.get(id)?.deadline.cancel();
        this.questions.delete(id);
        resolve(answers);
      };
      const answers: unknown[] = [];
      const deadline = this.clock.after(ANSWER_MS, () => done(answers));
      this.questions.set(id, { waitsFor: new Set(this.heardAt.keys()), answers, done, deadline });
      this.host.tellAll({ ...question, is: 'question', id });
    });
  }

  /** Returns false for what is not about nodes. */
  take(node: string, what: Record<string, unknown>): boolean {
    const { is, id } = what;
    if (is === 'bye') this.forget(node);
    else this.hear(node, is === 'hello');
    if (is === 'hello') this.host.tell(node, { is: 'beat' });
    else if (is === 'question') this.host.tell(node, { is: 'answer', id, answer: this.host.answer(what) });
    else if (is === 'answer') this.takeAnswer(node, id as number, what['answer']);
    else return is === 'beat' || is === 'bye';
    return true;
  }

  /** `isBack`: it is new, or was cut off, and has not heard what it was told meanwhile. */
  private hear(node: string, isBack: boolean): void {
    const isNew = isBack || !this.heardAt.has(node);
    this.heardAt.set(node, this.clock.now());
    if (isNew) this.host.appeared(node);
  }

  private takeAnswer(node: string, id: number, answer: unknown): void {
    const question = this.questions.get(id);
    if (question?.waitsFor.delete(node) !== true) return;
    question.answers.push(answer);
    if (question.waitsFor.size === 0) question.done(question.answers);
  }

  private beat(): void {
    const now = this.clock.now();
    this.host.tellAll({ is: 'beat', at: now });
    // we were asleep, and have not read yet what they said
    if (now - this.beatAt > 2 * BEAT_MS) this.listeningSince = now;
    for (const [node, heardAt] of this.heardAt) {
      // while the backplane was away nobody could be heard
      if (now - Math.max(heardAt, this.listeningSince) > LEASE_MS) this.forget(node);
    }
    this.beating = undefined;
    this.beatLater();
  }

  private beatLater(): void {
    this.beatAt = this.clock.now();
    this.beating ??= this.clock.after(BEAT_MS, () => this.beat());
  }

  private forget(node: string): void {
    if (!this.heardAt.delete(node)) return;
    for (const question of this.questions.values()) {
      if (question.waitsFor.delete(node) && question.waitsFor.size === 0) question.done(question.answers);
    }
    this.host.vanished(node);
  }
}
