import { once } from 'node:events';
import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { behaves } from './behaviour';
import { attachedTo } from './targets';

behaves('Hono', 'HTTP/1.1', async () => {
  const rest = new Hono();
  rest.get('/health', (context) => context.text('ok'));
  const server = serve({ fetch: rest.fetch, port: 0, hostname: '127.0.0.1' }) as Server;
  await once(server, 'listening');
  return attachedTo(server);
});
