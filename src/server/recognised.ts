import { Connection, IncompleteMessageError, MessageStream } from '../connection';
import { recognise } from '../copies';
import { Refusal } from '../handshake';
import {
  ConnectionClosedError,
  ForbiddenError,
  JsonCodec,
  MessagePackCodec,
  PortalError,
  UnauthorizedError,
} from '../messages';
import { CloseInfo } from '../protocol';
import { Connections } from './connections';
import { ListenError } from './places';

/** Public classes whose instances count as instances in another copy of Portal too. */
export const RECOGNISED = {
  CloseInfo,
  Connection,
  ConnectionClosedError,
  Connections,
  ForbiddenError,
  IncompleteMessageError,
  JsonCodec,
  ListenError,
  MessagePackCodec,
  MessageStream,
  PortalError,
  Refusal,
  UnauthorizedError,
};

for (const [name, constructor] of Object.entries(RECOGNISED)) recognise(constructor, name);
