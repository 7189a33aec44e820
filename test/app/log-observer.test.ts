import { logObserver } from '../../src/app/log-observer';
import { Refusal, Violations, type Connection, type Handshake } from '../../src/engine';
import { MemoryLogger } from '../support/app';

test('refusals, broken rules and failures are logged', () => {
  const log = new MemoryLogger();
  const observer = logObserver(log);
  const request: Handshake = { url: '/x', remoteAddress: '10.0.0.1', headers: {}, httpVersion: '1.1', secure: false };
  observer.handshakeRefused?.(new Refusal(404, 'No such path.'), request);
  observer.handshakeRefused?.(new Refusal(403, 'Not you.'), {
    ...request,
    headers: { origin: 'https://a.b' },
  });
  observer.violated?.({ id: '1', path: '/' } as Connection, Violations.NotMasked);
  observer.failed?.(new Error('boom'), 'Echo.text');
  expect(log.lines).toEqual([
    'info handshake refused: No such path.',
    'warn Not you. To allow it, list it: origins: ["https://a.b"]',
    'info the peer broke a rule: frame is not masked',
    'error Echo.text failed',
  ]);
});
