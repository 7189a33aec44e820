/// <reference types="node" preserve="true" />
export { NatsBackplane, type NatsBackplaneOptions } from './nats-backplane';
