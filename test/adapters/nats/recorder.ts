import { setTimeout as sleep } from 'node:timers/promises';
import type { BackplaneEvents } from '../../../src/channels/backplane';
import type { Broker } from '../../support/broker';

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

/** Stops a server where it is; when this resolves, so has the last of its threads. */
export async function frozen(server: Broker): Promise<void> {
  server.freeze();
  while (!server.isFrozen()) await sleep(10);
}
