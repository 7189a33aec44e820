import { MESSAGES, startEcho } from './echo';
import { describeWithWebsockets, runClient, withFileOf } from './python';

describeWithWebsockets("Python's websockets", () => {
  describe.each([
    ['with', 'with', true],
    ['with', 'without', false],
    ['without', 'with', false],
    ['without', 'without', false],
  ])('%s compression, and a server %s', (client, server, compressed) => {
    test('messages come back, whole and in fragments; compression is as agreed', async () => {
      const messages = MESSAGES.map(([, message]) => message);
      const { url, connection, closed } = await startEcho(server === 'with');
      const result = await withFileOf(messages, (file) => runClient(url, client === 'with', 'echo', file));
      expect((await connection).compressed).toBe(compressed);
      expect(result.extensions).toEqual(compressed ? ['permessage-deflate'] : []);
      expect(result.messages).toHaveLength(messages.length);
      for (const [index, message] of messages.entries()) {
        const answer = result.messages![index]!;
        expect(typeof answer).toBe(typeof message);
        expect(Buffer.from(answer).equals(Buffer.from(message))).toBe(true);
      }
      expect(await closed).toEqual({ code: 1000, reason: '', clean: true });
    });
  });

  test.each([1000, 1001, 3000, 4999])('the client closes with %i', async (code) => {
    const { url, closed } = await startEcho(true);
    await runClient(url, true, 'leave', String(code));
    expect(await closed).toEqual({ code, reason: 'bye', clean: true });
  });

  test.each([1000, 1001, 1003, 1008, 1011, 1013, 3000, 4999])('the server closes with %i', async (code) => {
    const { url, closed } = await startEcho(true);
    expect((await runClient(url, true, 'wait', String(code))).close).toEqual([code, 'see you']);
    expect((await closed).clean).toBe(true);
  });
});
