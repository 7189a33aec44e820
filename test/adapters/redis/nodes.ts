import { RedisBackplane, type RedisBackplaneOptions } from '../../../src/adapters/redis';
import { Recorder, until } from '../nats/recorder';

export { Recorder, until };

export interface Node {
  readonly backplane: RedisBackplane;
  readonly seen: Recorder;
}

const started: RedisBackplane[] = [];

/** Starts a backplane, which `stopNodes` stops. */
export async function node(options: RedisBackplaneOptions): Promise<Node> {
  const backplane = new RedisBackplane(options);
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

/** Each with a title for it. */
export const strangeNames = [
  'room:7',
  'node 4f2a',
  '',
  'a::b:',
  'a*b:*c',
  'a[b]?^\\:c',
  '{a}:b',
  'a}b{c',
  '}',
  'a%7Db',
  'höhe:日本:🎉',
  'line\r\nPUBLISH x 0\r\n',
  'x'.repeat(3000),
].map((name) => [name.slice(0, 20), name] as const);
