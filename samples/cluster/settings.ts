import { RedisBackplane } from 'portal-ws/redis';

/** Of all names in Redis, which others may use as well. */
export const REDIS_PREFIX = 'portal-cluster-sample';

/** What those get who come back: the latest messages of a room. */
export const HISTORY = { 'room:*': { size: 200, ttlSeconds: 600 } };

export function redisUrl(): string {
  return process.env.REDIS_URL || 'redis://127.0.0.1:6379';
}

/** @throws RangeError for what can be no URL of a Redis */
export function checkRedisUrl(): void {
  try {
    new RedisBackplane({ url: redisUrl() });
  } catch (error) {
    throw new RangeError(`REDIS_URL is wrong: ${(error as Error).message}`, { cause: error });
  }
}
