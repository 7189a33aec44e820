import Fastify from 'fastify';
import { behaves } from './behaviour';
import { attachedTo } from './targets';

behaves('Fastify', 'HTTP/1.1', async () => {
  const rest = Fastify();
  rest.get('/health', () => 'ok');
  await rest.listen({ port: 0, host: '127.0.0.1' });
  const target = await attachedTo(rest.server);
  return { ...target, close: () => rest.close() };
});
