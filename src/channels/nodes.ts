import type { Clock } from '../messages';
import type { Answer, NodeMessage, Question } from './node-message';

/** The interval at which each node says that it is alive. */
const BEAT_MS = 1000;

/** A node that was silent for so long is gone, with all its subscribers. */
const LEASE_MS = 3500;

/** Answers that take longer are left out. */
const ANSWER_MS = 1000;

interface OpenQuestion {
  readonly waitsFor: Set<string>;
  readonly answers: Answer[];
  readonly done: (answers: Answer[]) => void;
  readonly deadline: { cancel(): void };
}

/** Dependencies of `Nodes`. */
export interface NodesHost {
  tellAll(message: NodeMessage): void;
  tell(node: string, message: NodeMessage): void;
  answer(question: Question): Answer;
  appeared(node: string): void;
  /** The node was silent for too long, or said goodbye. */
  vanished(node: string): void;
}

/** Knows the other processes on the backplane, and asks them questions. */
export class Nodes {
  /** The time at which each node was last heard of. */
  private readonly heardAt = new Map<string, number>();
  private readonly questions = new Map<number, OpenQuestion>();
  private asked = 0;
  private beating: { cancel(): void } | undefined;
  /** Nodes could not be heard before this time. */
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

  /** Resolves with the answers of all other nodes. Those that do not answer in time are left out. */
  ask(question: Question): Promise<Answer[]> {
    if (!this.isUp || this.heardAt.size === 0) return Promise.resolve([]);
    const id = ++this.asked;
    return new Promise((resolve) => {
      const done = (answers: Answer[]): void => {
        this.questions.get(id)?.deadline.cancel();
        this.questions.delete(id);
        resolve(answers);
      };
      const answers: Answer[] = [];
      const deadline = this.clock.after(ANSWER_MS, () => done(answers));
      this.questions.set(id, { waitsFor: new Set(this.heardAt.keys()), answers, done, deadline });
      this.host.tellAll({ ...question, is: 'question', id });
    });
  }

  /** Takes every message of a node: whatever it says, it is alive. */
  takeMessage(node: string, message: NodeMessage): void {
    const { is } = message;
    if (is === 'bye') return this.forget(node);
    this.hear(node, is === 'hello');
    if (is === 'hello') this.host.tell(node, { is: 'beat' });
    else if (is === 'question') this.answer(node, message.id, message);
    else if (is === 'answer') this.takeAnswer(node, message.id, message.answer);
  }

  private answer(node: string, id: number, question: Question): void {
    this.host.tell(node, { is: 'answer', id, answer: this.host.answer(question) });
  }

  /** `isBack`: the node is new, or was cut off and has not heard what it was told meanwhile. */
  private hear(node: string, isBack: boolean): void {
    const isNew = isBack || !this.heardAt.has(node);
    this.heardAt.set(node, this.clock.now());
    if (isNew) this.host.appeared(node);
  }

  private takeAnswer(node: string, id: number, answer: Answer): void {
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
