import { setTimeout as sleep } from 'node:timers/promises';
import type { Backplane, BackplaneEvents } from 'portal-ws';

/** Notes what a backplane reports. */
export class Recorder implements BackplaneEvents {
  readonly packets: { subject: string; packet: Buffer; offset: string | undefined }[] = [];
  /** `up`, `down: …` and `lost: …`, in order. */
  readonly states: string[] = [];
  lost = 0;
  /** What the broker said to what was lost. */
  readonly reasons: (string | undefined)[] = [];
  readonly refused: [subject: string, message: string][] = [];

  onPacket(subject: string, packet: Buffer, offset?: string): void {
    this.packets.push({ subject, packet, offset });
  }
  onUp(): void {
    this.states.push('up');
  }
  onDown(error: Error): void {
    // of any realm: errors of sockets are not of jest's
    if (typeof error.message !== 'string' || error.message === '') throw new Error('onDown without a reason');
    this.states.push('down');
  }
  onLost(packets: number, reason?: Error): void {
    this.lost += packets;
    this.reasons.push(reason?.message);
  }
  onRefused(subject: string, { message }: Error): void {
    this.refused.push([subject, message]);
  }

  get texts(): string[] {
    return this.packets.map(({ packet }) => packet.toString());
  }
  get subjects(): string[] {
    return this.packets.map(({ subject }) => subject);
  }
}

/** Waits for what takes as long as it takes, but not for ever: a test that is given up would go on otherwise. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 100_000;
  while (!(await isTrue())) {
    if (Date.now() > end) throw new Error(`still not so: ${isTrue.toString()}`);
    await sleep(10);
  }
}

export interface Node<Kind extends Backplane = Backplane> {
  readonly backplane: Kind;
  readonly seen: Recorder;
}

const started: Backplane[] = [];

/** Starts a backplane, which `stopNodes` stops. */
export async function startNode<Kind extends Backplane>(backplane: Kind): Promise<Node<Kind>> {
  const seen = new Recorder();
  started.push(backplane);
  await backplane.start(seen);
  return { backplane, seen };
}

export async function stopNodes(): Promise<void> {
  await Promise.all(started.splice(0).map((backplane) => backplane.stop()));
}

/** What was published before to the same server has come when this has. */
export async function settled({ backplane, seen }: Node): Promise<void> {
  await backplane.subscribe('the end');
  expect(backplane.publish('the end', Buffer.from('end'))).toBe(true);
  await until(() => seen.subjects.includes('the end'));
  seen.packets.splice(seen.subjects.indexOf('the end'), 1);
}

export const allBytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
