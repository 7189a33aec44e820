import 'reflect-metadata';
import { injectable, type InjectionToken } from 'tsyringe';
import type { CodecChoice, Compression, PathLimits } from '../connection';
import type { Handshake, Origins } from '../handshake';
import { keepDtoLibraries } from './dto-libraries';
import { recordPath } from './metadata';

/** Options of a path. The application's hold for `origins`, `limits` and `compression` where they are absent. */
export interface WebSocketPathOptions {
  /**
   * `connection` makes an instance of the controller for each connection, in a child container where `Connection` can be injected, and
   * disposes of it when the connection has closed. Default `singleton`: one for the application.
   */
  scope?: 'singleton' | 'connection' | undefined;
  /**
   * Reads messages as events: a codec, `'raw'` for no events, or an object of those by subprotocol, whose names are then subprotocols of
   * the path. Default: `new JsonCodec()`.
   */
  codec?: CodecChoice | Readonly<Record<string, CodecChoice>> | undefined;
  /** Subprotocols of the path. The first of those that the client offers is chosen. */
  protocols?: string[] | undefined;
  /** Pages that may connect. */
  origins?: Origins<Handshake> | undefined;
  /** Limits of each connection of this path. */
  limits?: PathLimits | undefined;
  /** permessage-deflate. */
  compression?: boolean | Compression | undefined;
  /** Messages of one connection that are handled at once. Default 1. */
  concurrency?: number | undefined;
}

/** Makes the class the controller of a path such as `/echo` or `/rooms/:room`, and injectable. */
export function WebSocketPath(pattern: string, options?: WebSocketPathOptions): ClassDecorator;
export function WebSocketPath(pattern: string, ...given: (WebSocketPathOptions | undefined)[]): ClassDecorator {
  const options = given.length > 0 ? given[0] : {};
  return (target: Function, context?: unknown) => {
    if (!recordPath(target, context, { pattern, options })) return;
    injectable()(target as InjectionToken & (new (...args: never[]) => unknown));
    keepDtoLibraries();
  };
}
