import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Deadlines } from '../../../src/messages/deadlines';
import { readFirstBytes, type FirstBytes } from '../../../src/server/upgrade/first-bytes';
import { ManualClock } from '../../support/manual-clock';
import { settled } from '../../support/serve';

const GREETING = 'HELLO\n';

/** A socket whose client says what the test pushes. */
function arriving() {
  const socket = new Duplex({ allowHalfOpen: true, read() {}, write: (_bytes, _encoding, done) => done() }) as Socket;
  const clock = new ManualClock();
  const rest: string[] = [];
  let passedOn = 0;
  const next = (): void => {
    passedOn++;
    socket.on('data', (bytes: Buffer) => rest.push(bytes.toString()));
  };
  const judged: string[] = [];
  const judge = (bytes: Buffer): FirstBytes => {
    const text = bytes.toString();
    judged.push(text);
    if (text.startsWith(GREETING)) return { taken: GREETING.length, next };
    return GREETING.startsWith(text) ? 'more' : 'invalid';
  };
  readFirstBytes(socket, judge, new Deadlines(clock), 1_000);
  const say = async (words: string): Promise<void> => {
    socket.push(words);
    await settled();
  };
  return { socket, clock, judged, say, rest: () => rest.join(''), passedOn: () => passedOn };
}

test('what it takes is gone, and the rest is read by what comes next, wherever it is split', async () => {
  const whole = `${GREETING}and more`;
  for (let split = 1; split < whole.length; split++) {
    const { say, rest, passedOn, socket } = arriving();
    await say(whole.slice(0, split));
    await say(whole.slice(split));
    await say(', later');
    expect([split, rest(), passedOn(), socket.destroyed]).toEqual([split, 'and more, later', 1, false]);
  }
});

test('byte by byte it is asked for each, with all that has come', async () => {
  const { say, judged, rest } = arriving();
  for (const byte of `${GREETING}x`) await say(byte);
  expect(judged).toEqual(['H', 'HE', 'HEL', 'HELL', 'HELLO', 'HELLO\n']);
  expect(rest()).toBe('x');
});

test('a judge that takes nothing leaves everything', async () => {
  const socket = new Duplex({ read() {} }) as Socket;
  const received = new Promise<string>((resolve) => {
    const next = (): void => void socket.on('data', (bytes: Buffer) => resolve(bytes.toString()));
    readFirstBytes(socket, () => ({ taken: 0, next }), new Deadlines(new ManualClock()), 1_000);
  });
  socket.push('GET /');
  expect(await received).toBe('GET /');
});

test('who says something else is cut, and not asked about again', async () => {
  const { say, socket, judged, passedOn, clock } = arriving();
  await say('HEY');
  await say('HELLO\n');
  expect([socket.destroyed, judged, passedOn(), clock.pending]).toEqual([true, ['HEY'], 0, 0]);
});

test('who takes too long is cut, though a byte comes now and then', async () => {
  const { say, socket, clock, passedOn } = arriving();
  for (const byte of 'HELL') {
    await say(byte);
    clock.advance(249);
  }
  expect(socket.destroyed).toBe(false);
  await say('O');
  clock.advance(4);
  expect(socket.destroyed).toBe(true);
  await say('\n');
  expect([passedOn(), clock.pending]).toEqual([0, 0]);
});

test('who says nothing is cut', async () => {
  const { socket, clock } = arriving();
  clock.advance(999);
  expect(socket.destroyed).toBe(false);
  clock.advance(1);
  expect(socket.destroyed).toBe(true);
});

test('who passes has no deadline any more, and no listener of ours', async () => {
  const { say, socket, clock } = arriving();
  const before = new Duplex({ read() {} }).eventNames();
  await say(GREETING);
  expect(clock.pending).toBe(0);
  clock.advance(10_000);
  expect(socket.destroyed).toBe(false);
  expect(socket.eventNames().filter((name) => name !== 'data')).toEqual(before);
});

test.each(['', 'HEL'])('who ends before that is cut: %j', async (words) => {
  const { say, socket, clock, passedOn } = arriving();
  await say(words);
  socket.push(null);
  await settled();
  expect([socket.destroyed, passedOn(), clock.pending]).toEqual([true, 0, 0]);
});

test('the end behind the first bytes is for what comes next to see', async () => {
  const { say, socket, rest } = arriving();
  const ended = once(socket, 'end');
  socket.push(`${GREETING}x`);
  socket.push(null);
  await ended;
  await say('');
  expect([rest(), socket.destroyed]).toEqual(['x', false]);
});

test.each(['', 'HEL'])('an error before that harms nobody: %j', async (words) => {
  const { say, socket, clock } = arriving();
  await say(words);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.destroy(new Error('ECONNRESET'));
  await closed;
  expect(clock.pending).toBe(0);
});
