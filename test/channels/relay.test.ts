import { Relay } from '../../src/channels/relay';
import type { Backplane } from '../../src/channels/backplane';
import { ManualClock } from '../support/manual-clock';

const MEBI = 1024 * 1024;

function start() {
  const clock = new ManualClock();
  const sent: string[] = [];
  const broker = { isThere: true, room: Infinity };
  const publish = (subject: string, packet: Uint8Array): boolean => {
    if (!broker.isThere || broker.room-- <= 0) return false;
    sent.push(`${subject} ${packet.length > 100 ? packet.length : Buffer.from(packet).toString()}`);
    return true;
  };
  const backplane = { publish, maxPacketBytes: undefined as number | undefined };
  const relay = new Relay(backplane as Backplane, clock);
  const say = (...texts: string[]) => texts.map((text) => relay.publish('room', Buffer.from(text)));
  const down = (): void => {
    broker.isThere = false;
    relay.onDown();
  };
  const up = (): void => {
    broker.isThere = true;
    relay.onUp();
  };
  return { clock, sent, broker, backplane, relay, say, down, up };
}

describe('what is published', () => {
  test('is sent while the backplane is there', () => {
    const { relay, say, up, sent, clock } = start();
    expect(relay.up).toBe(false);
    up();
    expect(relay.up).toBe(true);
    expect(say('a', 'b')).toEqual(['sent', 'sent']);
    expect(sent).toEqual(['room a', 'room b']);
    expect(clock.pending).toBe(0);
  });

  test('and is larger than the backplane takes is not sent, nor does it wait', () => {
    const { say, up, down, sent, backplane, clock } = start();
    backplane.maxPacketBytes = 3;
    up();
    expect(say('four', 'one', 'two')).toEqual(['too_large', 'sent', 'sent']);
    down();
    expect(say('four', 'six')).toEqual(['too_large', 'kept']);
    up();
    clock.advance(1000);
    expect(sent).toEqual(['room one', 'room two', 'room six']);
  });

  test('and turns out to be larger is counted as lost, and what comes after it is sent', () => {
    const { say, up, sent, backplane, clock, relay } = start();
    expect(say('one', 'four', 'two')).toEqual(['kept', 'kept', 'kept']);
    backplane.maxPacketBytes = 3;
    up();
    clock.advance(1000);
    expect(sent).toEqual(['room one', 'room two']);
    expect(relay.takeLost()).toBe(1);
  });

  test('before the backplane is there waits for it', () => {
    const { say, up, sent, clock } = start();
    expect(say('a')).toEqual(['kept']);
    up();
    clock.advance(1000);
    expect(sent).toEqual(['room a']);
  });

  test('while it is away is kept, and sent in order a second after it is back', () => {
    const { say, up, down, sent, clock } = start();
    up();
    down();
    expect(say('a', 'b', 'c')).toEqual(['kept', 'kept', 'kept']);
    up();
    clock.advance(999);
    expect(sent).toEqual([]);
    clock.advance(1);
    expect(sent).toEqual(['room a', 'room b', 'room c']);
    expect(say('d')).toEqual(['sent']);
    expect(clock.pending).toBe(0);
  });

  test('waits behind what was kept', () => {
    const { say, up, down, sent, clock } = start();
    up();
    down();
    say('a');
    up();
    clock.advance(500);
    expect(say('b')).toEqual(['kept']);
    expect(sent).toEqual([]);
    clock.advance(500);
    expect(sent).toEqual(['room a', 'room b']);
  });

  test('waits on when the backplane goes away again before it was sent', () => {
    const { say, up, down, sent, clock } = start();
    up();
    down();
    say('a');
    up();
    clock.advance(500);
    down();
    expect(clock.pending).toBe(0);
    clock.advance(100);
    say('b');
    up();
    clock.advance(999);
    expect(sent).toEqual([]);
    clock.advance(1);
    expect(sent).toEqual(['room a', 'room b']);
  });

  test('is kept when the backplane is away before it says so', () => {
    const { say, up, down, broker, sent, clock } = start();
    up();
    broker.isThere = false;
    expect(say('a')).toEqual(['kept']);
    down();
    up();
    clock.advance(1000);
    expect(sent).toEqual(['room a']);
  });

  test('is sent once, when the backplane goes away in the middle of what was kept', () => {
    const { say, up, down, broker, sent, clock } = start();
    say('a', 'b', 'c');
    up();
    broker.room = 2;
    clock.advance(1000);
    down();
    broker.room = Infinity;
    say('d');
    up();
    clock.advance(1000);
    expect(sent).toEqual(['room a', 'room b', 'room c', 'room d']);
  });
});

describe('what is kept', () => {
  test('waits, all in order, while the broker takes no more', () => {
    const { say, up, broker, sent, clock } = start();
    up();
    broker.room = 1;
    expect(say('a', 'b', 'c')).toEqual(['sent', 'kept', 'kept']);
    broker.room = 1;
    clock.advance(100);
    broker.room = Infinity;
    expect(say('d')).toEqual(['kept']);
    clock.advance(100);
    expect(sent).toEqual(['room a', 'room b', 'room c', 'room d']);
    expect(say('e')).toEqual(['sent']);
    expect(clock.pending).toBe(0);
  });

  test('has 8 MiB at most; the rest is lost, and counted', () => {
    const { relay, up, down } = start();
    up();
    down();
    // a packet takes a little more than its bytes
    const half = Buffer.alloc(4 * MEBI - 128);
    expect(relay.publish('a', half)).toBe('kept');
    expect(relay.publish('b', half)).toBe('kept');
    expect(relay.publish('c', Buffer.alloc(1))).toBe('lost');
    expect(relay.publish('d', half)).toBe('lost');
    up();
    expect(relay.takeGap()).toMatchObject({ lost: 2 });
  });

  test('leaves room for others when it was sent', () => {
    const { relay, up, down, clock, sent } = start();
    for (let outage = 1; outage <= 3; outage++) {
      down();
      for (let count = 0; count < 8; count++) expect(relay.publish('a', Buffer.alloc(MEBI - 128))).toBe('kept');
      expect(relay.publish('a', Buffer.alloc(1))).toBe('lost');
      up();
      clock.advance(1000);
      expect(sent).toHaveLength(8 * outage);
    }
  });

  test('is sent at the end, without the second', () => {
    const { relay, say, up, sent, clock } = start();
    say('a');
    up();
    relay.stop();
    expect(sent).toEqual(['room a']);
    expect(clock.pending).toBe(0);
    expect(relay.up).toBe(false);
  });

  test('is given up at the end where the backplane is away', () => {
    const { relay, say, up, down, sent, clock } = start();
    up();
    down();
    say('a');
    relay.stop();
    up();
    clock.advance(10_000);
    expect(sent).toEqual([]);
    expect(relay.takeGap()).toBeUndefined();
  });
});

describe('a gap', () => {
  test('is not what was before the backplane was first there', () => {
    const { relay, up, clock } = start();
    clock.advance(5000);
    up();
    expect(relay.takeGap()).toBeUndefined();
  });

  test('begins with the start where the first attempt failed', () => {
    const { relay, up, down, clock } = start();
    clock.advance(100);
    down();
    clock.advance(5000);
    up();
    expect(relay.takeGap()).toMatchObject({ ms: 5100, lost: 0 });
  });

  test('begins with the beat before the latest that came back, and ends now', () => {
    const { relay, up, down, clock } = start();
    up();
    clock.advance(3000);
    for (const sentAt of [1000, 2000, 3000]) relay.confirm(sentAt);
    clock.advance(500);
    down();
    clock.advance(10_000);
    up();
    const gap = relay.takeGap()!;
    expect(gap).toMatchObject({ ms: 11_500, lost: 0 });
    expect(Math.abs(gap.since.getTime() - (Date.now() - 11_500))).toBeLessThan(5000);
  });

  test('begins when the backplane was back, where no beat came since', () => {
    const { relay, up, down, clock } = start();
    clock.advance(1000);
    up();
    clock.advance(700);
    down();
    clock.advance(300);
    up();
    expect(relay.takeGap()).toMatchObject({ ms: 1000 });
  });

  test('is one, where the backplane was back too short to tell of it', () => {
    const { relay, up, down, clock } = start();
    up();
    down();
    clock.advance(5000);
    up();
    down();
    clock.advance(5000);
    up();
    expect(relay.takeGap()).toMatchObject({ ms: 10_000 });
  });

  test('is told once, and the next counts anew', () => {
    const { relay, up, down, clock } = start();
    up();
    down();
    relay.onLost(3);
    up();
    expect(relay.takeGap()).toMatchObject({ lost: 3 });
    expect(relay.takeGap()).toBeUndefined();
    clock.advance(50);
    down();
    up();
    expect(relay.takeGap()).toMatchObject({ ms: 50, lost: 0 });
  });

  test('does not count what was kept and sent later', () => {
    const { relay, say, up, down, clock } = start();
    up();
    down();
    say('a', 'b');
    up();
    clock.advance(1000);
    expect(relay.takeGap()).toMatchObject({ lost: 0 });
  });
});
