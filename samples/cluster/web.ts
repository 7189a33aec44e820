import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createChatPage } from '../chat/web';

/** The page of this sample; what is not its own, such as icon and styles, is that of the chat sample. */
export function createClusterPage(): Promise<FastifyInstance> {
  return createChatPage(join(__dirname, 'public'));
}
