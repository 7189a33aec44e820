import { given, type Resolved } from './given';

/** permessage-deflate (RFC 7692), for the application or a path. */
export interface Compression {
  /** Messages of fewer bytes are sent as they are. Default 1024. */
  threshold?: number | undefined;
  /**
   * Lets our messages refer back to earlier ones, which makes them smaller, for up to 32 KiB of memory and some time
   * per connection. Default false.
   */
  serverContextTakeover?: boolean | undefined;
  /**
   * Lets the client's messages refer back to earlier ones, for up to 32 KiB of memory per connection. False is sent to
   * clients that did not ask for it, and some, such as Netty's stock client, refuse it. Default true.
   */
  clientContextTakeover?: boolean | undefined;
  /** Window of our messages, as a power of two from 8 to 15. Default 15. */
  serverMaxWindowBits?: number | undefined;
  /** Window of the client's messages, as a power of two from 8 to 15, where the client allows it. Default 15. */
  clientMaxWindowBits?: number | undefined;
}

export type ResolvedCompression = Resolved<Compression>;

const DEFAULTS: ResolvedCompression = {
  threshold: 1024,
  serverContextTakeover: false,
  clientContextTakeover: true,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
};

/**
 * Merges the setting of a path over that of its application. Undefined: no compression.
 * @throws TypeError for an unknown setting
 * @throws RangeError for a wrong value
 */
export function resolveCompression(
  setting: boolean | Compression | undefined,
  application?: ResolvedCompression,
): ResolvedCompression | undefined {
  if (setting === undefined) return application;
  if (setting === false) return undefined;
  const resolved = { ...(application ?? DEFAULTS), ...(setting === true ? {} : given(setting)) };
  for (const [name, value] of Object.entries(resolved) as [keyof Compression, unknown][]) {
    const wanted = wantedOf(name);
    if (!wanted.holds(value)) throw new RangeError(`compression.${name} must be ${wanted.text}, not ${String(value)}`);
  }
  return resolved;
}

function wantedOf(name: keyof Compression): { text: string; holds: (value: unknown) => boolean } {
  switch (name) {
    case 'threshold':
      return { text: 'a whole number of bytes', holds: (value) => Number.isInteger(value) && (value as number) >= 0 };
    case 'serverContextTakeover':
    case 'clientContextTakeover':
      return { text: 'true or false', holds: (value) => typeof value === 'boolean' };
    case 'serverMaxWindowBits':
    case 'clientMaxWindowBits':
      return {
        text: 'a whole number from 8 to 15',
        holds: (value) => Number.isInteger(value) && (value as number) >= 8 && (value as number) <= 15,
      };
    default:
      throw new TypeError(`compression.${String(name)} is no setting; there are ${Object.keys(DEFAULTS).join(', ')}`);
  }
}
