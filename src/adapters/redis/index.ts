/// <reference types="node" preserve="true" />
export { RedisBackplane, type RedisBackplaneOptions } from './redis-backplane';
