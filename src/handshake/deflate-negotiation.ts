import type { DeflateParameters } from '../protocol';
import type { ExtensionOffer } from './extensions';

const NAME = 'permessage-deflate';

/** RFC 7692 7.1.2: canonical decimals from 8 to 15. */
const WINDOW_BITS = /^(?:[89]|1[0-5])$/;

/** The server's settings for permessage-deflate. A client's offer can only make them stricter. */
export interface DeflateWishes {
  /** The server's messages may refer to earlier ones. */
  readonly serverContextTakeover: boolean;
  /** The client's messages may refer to earlier ones. */
  readonly clientContextTakeover: boolean;
  /** 8 to 15. */
  readonly serverMaxWindowBits: number;
  /** 8 to 15. */
  readonly clientMaxWindowBits: number;
}

export interface DeflateAgreement {
  readonly parameters: DeflateParameters;
  /** The value of `Sec-WebSocket-Extensions` in the answer. */
  readonly header: string;
}

/**
 * Accepts the first valid offer of permessage-deflate (RFC 7692 5.1, 7.1). An offer with an unknown or doubled parameter, or a
 * value out of range, is declined.
 */
export function negotiateDeflate(
  offers: readonly ExtensionOffer[],
  wishes: DeflateWishes,
): DeflateAgreement | undefined {
  for (const offer of offers) {
    const asked = offer.name === NAME ? readParams(offer) : undefined;
    if (asked !== undefined) return agree(asked, wishes);
  }
  return undefined;
}

interface Asked {
  serverNoContextTakeover?: true;
  clientNoContextTakeover?: true;
  serverMaxWindowBits?: number;
  /** `true`: the client supports the parameter, and names no number. */
  clientMaxWindowBits?: number | true;
}

function readParams(offer: ExtensionOffer): Asked | undefined {
  const asked: Asked = {};
  const seen = new Set<string>();
  for (const [name, value] of offer.params) {
    if (seen.has(name)) return undefined;
    seen.add(name);
    if (name === 'server_no_context_takeover' && value === true) asked.serverNoContextTakeover = true;
    else if (name === 'client_no_context_takeover' && value === true) asked.clientNoContextTakeover = true;
    else if (name === 'client_max_window_bits' && value === true) asked.clientMaxWindowBits = true;
    else if (value === true || !WINDOW_BITS.test(value)) return undefined;
    else if (name === 'server_max_window_bits') asked.serverMaxWindowBits = Number(value);
    else if (name === 'client_max_window_bits') asked.clientMaxWindowBits = Number(value);
    else return undefined;
  }
  return asked;
}

function agree(asked: Asked, wishes: DeflateWishes): DeflateAgreement {
  const serverNoContextTakeover = asked.serverNoContextTakeover === true || !wishes.serverContextTakeover;
  const clientNoContextTakeover = asked.clientNoContextTakeover === true || !wishes.clientContextTakeover;
  const serverMaxWindowBits = Math.min(asked.serverMaxWindowBits ?? 15, wishes.serverMaxWindowBits);
  let header = NAME;
  if (serverNoContextTakeover) header += '; server_no_context_takeover';
  if (clientNoContextTakeover) header += '; client_no_context_takeover';
  if (serverMaxWindowBits < 15 || asked.serverMaxWindowBits !== undefined) {
    header += `; server_max_window_bits=${serverMaxWindowBits}`;
  }
  // 7.1.2.2: only a client that offers the parameter may be told a window
  let clientMaxWindowBits = 15;
  if (asked.clientMaxWindowBits !== undefined) {
    const offered = asked.clientMaxWindowBits === true ? 15 : asked.clientMaxWindowBits;
    clientMaxWindowBits = Math.min(offered, wishes.clientMaxWindowBits);
    if (clientMaxWindowBits < 15) header += `; client_max_window_bits=${clientMaxWindowBits}`;
  }
  return {
    parameters: { serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits },
    header,
  };
}
