import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import fastify, { type FastifyInstance } from 'fastify';

const SECURITY_HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
};

const FILES = join(__dirname, 'public');

/**
 * Serves the chat page. It does not listen: its `routing` takes the plain requests of a Portal application. Files in the folder `first`
 * go before those that are here.
 */
export async function createChatPage(first?: string): Promise<FastifyInstance> {
  const web = fastify();
  web.addHook('onSend', async (_request, reply) => {
    reply.headers(SECURITY_HEADERS);
  });
  await web.register(fastifyStatic, { root: first === undefined ? FILES : [first, FILES] });
  await web.ready();
  return web;
}
