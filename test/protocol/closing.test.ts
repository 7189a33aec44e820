import fc from 'fast-check';
import { answerCode, ClosingHandshake } from '../../src/protocol';
import { holds } from './support';

const abnormal = { code: 1006, reason: '', clean: false };

test('starts open, and 1006 for as long as no Close frame came (RFC 6455 7.1.5)', () => {
  const closing = new ClosingHandshake();
  expect(closing.phase).toBe('open');
  expect(closing.info()).toEqual(abnormal);
});

test('we close: our frame goes out once, and the answer ends it', () => {
  const closing = new ClosingHandshake();
  expect(closing.sendClose()).toBe(true);
  expect(closing.phase).toBe('close-sent');
  expect(closing.sendClose()).toBe(false);
  expect(closing.info()).toEqual(abnormal);
  expect(closing.receiveClose(1000, 'bye')).toBe(false);
  expect(closing.phase).toBe('done');
  expect(closing.info()).toEqual({ code: 1000, reason: 'bye', clean: true });
});

test('the peer closes: it is answered once (RFC 6455 5.5.1)', () => {
  const closing = new ClosingHandshake();
  expect(closing.receiveClose(4000, 'enough')).toBe(true);
  expect(closing.phase).toBe('done');
  expect(closing.sendClose()).toBe(false);
  expect(closing.receiveClose(1001, 'again')).toBe(false);
  expect(closing.info()).toEqual({ code: 4000, reason: 'enough', clean: true });
});

test('the peer breaks a rule: it is told so once, and the close is not clean (RFC 6455 7.1.7)', () => {
  const closing = new ClosingHandshake();
  expect(closing.fail()).toBe(true);
  expect(closing.phase).toBe('failed');
  expect(closing.fail()).toBe(false);
  expect(closing.receiveClose(1000, '')).toBe(false);
  expect(closing.info()).toEqual(abnormal);
});

test('the peer breaks a rule after our Close frame: nothing more is sent (RFC 6455 5.5.1)', () => {
  const closing = new ClosingHandshake();
  closing.sendClose();
  expect(closing.fail()).toBe(false);
  expect(closing.phase).toBe('failed');
});

test.each([
  [1000, 1000],
  [1014, 1014],
  [4999, 4999],
  [1005, undefined],
])('%d is answered with %p', (received, answer) => {
  expect(answerCode(received)).toBe(answer);
});

type Call = { kind: 'send' } | { kind: 'receive'; code: number; reason: string } | { kind: 'fail' };

const call: fc.Arbitrary<Call> = fc.oneof(
  fc.constant<Call>({ kind: 'send' }),
  fc.constant<Call>({ kind: 'fail' }),
  fc.record({
    kind: fc.constant('receive' as const),
    code: fc.constantFrom(1000, 1005, 4000),
    reason: fc.constantFrom('', 'bye'),
  }),
);

test('under any calls: one Close frame at most, an end that stays, and the first word of the peer', () => {
  holds(
    fc.property(fc.array(call, { maxLength: 12 }), (calls) => {
      const closing = new ClosingHandshake();
      let sent = 0;
      let ended: string | undefined;
      let heard: object = abnormal;
      for (const each of calls) {
        const live = ended === undefined;
        if (each.kind === 'send') sent += Number(closing.sendClose());
        else if (each.kind === 'fail') sent += Number(closing.fail());
        else {
          sent += Number(closing.receiveClose(each.code, each.reason));
          if (live) heard = { code: each.code, reason: each.reason, clean: true };
        }
        if (live && each.kind !== 'send') ended = each.kind === 'fail' ? 'failed' : 'done';
        expect(sent).toBeLessThanOrEqual(1);
        expect(closing.phase).toBe(ended ?? (sent === 0 ? 'open' : 'close-sent'));
        expect(closing.info()).toEqual(heard);
      }
      expect(sent).toBe(calls.length > 0 ? 1 : 0);
    }),
    500,
  );
});
