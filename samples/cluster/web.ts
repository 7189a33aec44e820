import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createChatPage } from '../chat/web';

/** The page of this sample, with icon and styles of the chat sample. */
export function createClusterPage(): Promise<FastifyInstance> {
  return createChatPage(join(__dirname, 'public'));
}
