import { EventEmitter } from 'node:events';
import { shieldUpgrades } from '../../../src/server/attach/shielded-upgrades';

const OURS = { url: '/ours' };
const THEIRS = { url: '/theirs' };

function setUp() {
  const server = new EventEmitter();
  const ours = jest.fn();
  const theirs = jest.fn();
  const claim = (request: unknown) => (request === OURS ? [ours] : undefined);
  server.on('upgrade', theirs).on('upgrade', ours);
  return { server, ours, theirs, claim };
}

test('what is claimed is heard of by those who claim it alone, with all that belongs to it', () => {
  const { server, ours, theirs, claim } = setUp();
  shieldUpgrades(server, claim);
  expect(server.emit('upgrade', OURS, 'socket', 'head')).toBe(true);
  expect(ours.mock.calls).toEqual([[OURS, 'socket', 'head']]);
  expect(ours.mock.contexts).toEqual([server]);
  expect(theirs).not.toHaveBeenCalled();
});

test('listeners that come later do not hear of it either', () => {
  const { server, claim } = setUp();
  shieldUpgrades(server, claim);
  const later = jest.fn();
  server.prependListener('upgrade', later);
  server.emit('upgrade', OURS);
  expect(later).not.toHaveBeenCalled();
});

test('all else is heard of by everybody', () => {
  const { server, ours, theirs, claim } = setUp();
  shieldUpgrades(server, claim);
  const request = jest.fn();
  server.on('request', request);
  server.emit('upgrade', THEIRS);
  server.emit('request', OURS, 'response');
  for (const heard of [ours, theirs]) expect(heard.mock.calls).toEqual([[THEIRS]]);
  expect(request.mock.calls).toEqual([[OURS, 'response']]);
  expect(server.emit('nothing')).toBe(false);
});

describe('when it is taken back', () => {
  test('the server is as it was', () => {
    const { server, theirs, claim } = setUp();
    const lift = shieldUpgrades(server, claim);
    lift();
    expect(Object.hasOwn(server, 'emit')).toBe(false);
    server.emit('upgrade', OURS);
    expect(theirs).toHaveBeenCalledTimes(1);
  });

  test('an emit of its own is there again', () => {
    const { server, claim } = setUp();
    const own = jest.fn(() => true);
    server.emit = own;
    const lift = shieldUpgrades(server, claim);
    server.emit('upgrade', THEIRS);
    lift();
    expect(server.emit).toBe(own);
    expect(own).toHaveBeenCalledWith('upgrade', THEIRS);
  });

  test('it stays for others who need it', () => {
    const { server, theirs, claim } = setUp();
    const lifts = [shieldUpgrades(server, claim), shieldUpgrades(server, claim)];
    lifts[0]!();
    server.emit('upgrade', OURS);
    expect(theirs).not.toHaveBeenCalled();
    lifts[1]!();
    expect(Object.hasOwn(server, 'emit')).toBe(false);
  });

  test('what somebody has put over it stays, and it does nothing', () => {
    const { server, theirs, claim } = setUp();
    const lift = shieldUpgrades(server, claim);
    const { emit } = server;
    const over = jest.fn((event: string | symbol, ...args: unknown[]): boolean => emit.call(server, event, ...args));
    server.emit = over;
    lift();
    expect(server.emit).toBe(over);
    server.emit('upgrade', OURS);
    expect(theirs).toHaveBeenCalledTimes(1);
  });
});
