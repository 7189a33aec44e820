import type * as Redis from 'redis';
import { optional } from '../shared';

export const redis = optional(
  'portal-ws/redis',
  'redis',
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import could not be caught
  () => require('redis') as typeof Redis,
);
