import { WebSocket } from 'ws';
import { bootstrap } from '../src';
import { EchoModule } from '../samples/echo/echo';
test('echo', async () => {
  const app = await bootstrap(EchoModule, { port: 0 });
  const ws = new WebSocket(app.url + '/echo');
  await new Promise((r) => ws.once('open', r));
  ws.send('hé');
  const m = await new Promise<Buffer>((r) => ws.once('message', (d) => r(d as Buffer)));
  expect(m.toString()).toBe('hé from client');
  ws.send(Buffer.alloc(100000, 3));
  const b = await new Promise<Buffer>((r) => ws.once('message', (d) => r(d as Buffer)));
  expect(b.length).toBe(100000);
  const closed = new Promise((r) => ws.once('close', r));
  await app.close();
  expect(await closed).toBe(1001);
});
