import { once } from 'node:events';
import express from 'express';
import { behaves } from './behaviour';
import { attachedTo } from './targets';

behaves('Express', 'HTTP/1.1', async () => {
  const rest = express();
  rest.get('/health', (_request, response) => void response.send('ok'));
  const server = rest.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return attachedTo(server);
});
