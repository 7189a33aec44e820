import 'reflect-metadata';
import { injectable, type InjectionToken } from 'tsyringe';
import type { CodecChoice, Compression, PathLimits } from '../connection';
import type { Handshake, Origins } from '../handshake';
import { recordPath } from './metadata';

/** What an endpoint may set for itself; the application's settings hold for the rest. */
export interface WebSocketPathOptions {
  /**
   * `connection`: an instance of the controller for each connection, made by a child container in which `Connection` can be
   * injected, and disposed of when the connection has closed. Default `singleton`: one for the application.
   */
  scope?: 'singleton' | 'connection' | undefined;
  /**
   * How messages are read as events: a codec, `'raw'` for not at all, or an object of those by subprotocol, which are then
   * spoken. Default: `new JsonCodec()`.
   */
  codec?: CodecChoice | Readonly<Record<string, CodecChoice>> | undefined;
  /** Subprotocols that it speaks; the first in the client's order is chosen. */
  protocols?: string[] | undefined;
  /** Which pages may connect. */
  origins?: Origins<Handshake> | undefined;
  /** What a connection of this path may use. */
  limits?: PathLimits | undefined;
  /** permessage-deflate. */
  compression?: boolean | Compression | undefined;
  /** Messages of one connection that may be handled at once. Default 1. */
  concurrency?: number | undefined;
}

/** Makes the class the controller of a path such as `/echo` or `/rooms/:room`, and injectable. */
export function WebSocketPath(pattern: string, options?: WebSocketPathOptions): ClassDecorator;
export function WebSocketPath(pattern: string, ...given: (WebSocketPathOptions | undefined)[]): ClassDecorator {
  const options = given.length > 0 ? given[0] : {};
  return (target: Function, context?: unknown) => {
    if (!recordPath(target, context, { pattern, options })) return;
    injectable()(target as InjectionToken & (new (...args: never[]) => unknown));
  };
}
