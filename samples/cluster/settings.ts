import { RedisBackplane } from 'portal-ws/redis';

/** The prefix of all names in Redis, which other programs may use too. */
export const REDIS_PREFIX = 'portal-cluster-sample';

/** The latest messages of a room, for members that come back. */
export const HISTORY = { 'room:*': { size: 200, ttlSeconds: 600 } };

export function redisUrl(): string {
  return process.env.REDIS_URL || 'redis://127.0.0.1:6379';
}

/** @throws RangeError for an invalid URL of Redis */
export function checkRedisUrl(): void {
  try {
    new RedisBackplane({ url: redisUrl() });
  } catch (error) {
    throw new RangeError(`REDIS_URL is wrong: ${(error as Error).message}`, { cause: error });
  }
}
