import { fromHandshake } from './from-handshake';
import type { HandshakeSource } from './metadata';

const COOKIES: HandshakeSource = {
  decorator: '@Cookie',
  value: 'cookie',
  readerOf(name) {
    // RFC 6265 section 4.2.1: name=value pairs separated by "; "
    const pair = new RegExp(`(?:^|;)[ \\t]*${escape(name)}[ \\t]*=([^;]*)`);
    return ({ handshake: { headers } }) => {
      const value = pair.exec(headers.cookie ?? '')?.[1];
      return value === undefined ? undefined : decoded(unquoted(value.trim()));
    };
  },
};

/**
 * Binds the value of a cookie, without its quotes and percent-decoded; of several with that name, the first. `undefined` when it is absent.
 * Names are case-sensitive.
 */
export function Cookie(...given: [name: string]): ParameterDecorator {
  return fromHandshake(COOKIES, given);
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

function unquoted(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

/** A value that encodes nothing is taken as it is: each application that set it has rules of its own. */
function decoded(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
