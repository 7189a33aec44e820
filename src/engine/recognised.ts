import { JsonCodec, MessagePackCodec } from '../codecs';
import { recognise } from '../copies';
import { Refusal } from '../handshake';
import { CloseInfo } from '../protocol';
import { Connection } from './connection';
import { Connections } from './connections';
import { ListenError } from './listener';
import { IncompleteMessageError, MessageStream } from './message-stream';
import { ConnectionClosedError, ForbiddenError, PortalError, UnauthorizedError } from './portal-error';

/** Public classes that another copy of Portal knows for its own: types of parameters, tokens, and what is thrown or returned. */
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
