import { Duplex } from 'node:stream';
import type { Endpoint } from '../../../src/engine';
import { Routes } from '../../../src/connection';
import { DEFAULT_LIMITS } from '../../../src/connection/limits';
import { Refusal } from '../../../src/handshake';
import { Admission } from '../../../src/server/upgrade/admission';
import { checkUpgrade } from '../../../src/server/upgrade/upgrade-check';
import { echo } from '../../support/engine';

const limits = { ...DEFAULT_LIMITS, maxConnections: 1 };

function check(endpoint: Endpoint, url: string, admission = new Admission({ limits })) {
  const routes = new Routes(limits, '*');
  routes.add(endpoint);
  const attempt = {
    handshake: { url, headers: {}, remoteAddress: '192.0.2.1', httpVersion: '1.1', secure: false } as const,
    stream: new Duplex(),
    refusal: undefined,
    head: Buffer.alloc(0),
    judge: () => ({ protocols: ['a', 'b'], extensions: [{ name: 'permessage-deflate', params: [] }] }),
    accept: jest.fn(),
    refuse: jest.fn(),
  };
  const verdict = checkUpgrade(attempt, { routes, admission, options: {} });
  expect(attempt.accept).not.toHaveBeenCalled();
  expect(attempt.refuse).not.toHaveBeenCalled();
  return verdict;
}

test('an upgrade that is allowed, with its terms', () => {
  const endpoint: Endpoint = { ...echo, path: '/rooms/:room', protocols: ['b'], compression: true };
  expect(check(endpoint, '/rooms/7?x=1')).toMatchObject({
    route: { endpoint },
    facts: { path: '/rooms/:room', params: { room: '7' }, queryString: 'x=1', protocol: 'b' },
    deflate: { header: 'permessage-deflate; server_no_context_takeover' },
    pending: [],
  });
});

test('a check takes no place', () => {
  const admission = new Admission({ limits });
  for (let i = 0; i < 3; i++) expect(check(echo, '/', admission)).not.toBeInstanceOf(Refusal);
});

test('the verdict of an asynchronous rule is pending; nobody need await it', async () => {
  const origins = (): Promise<never> => Promise.reject(new Error('broken'));
  const verdict = check({ ...echo, origins }, '/');
  await new Promise(setImmediate);
  await expect((verdict as Exclude<typeof verdict, Refusal>).pending[0]).rejects.toThrow('broken');
});

test('a rule that throws is for the caller to catch', () => {
  const origins = (): never => {
    throw new Error('broken');
  };
  expect(() => check({ ...echo, origins }, '/')).toThrow('broken');
});
