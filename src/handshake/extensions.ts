import { isTokenCharacter } from './tokens';

/** One element of `Sec-WebSocket-Extensions`. A parameter without a value has the value `true`. */
export interface ExtensionOffer {
  readonly name: string;
  readonly params: readonly (readonly [name: string, value: string | true])[];
}

const TAB = 0x09;
const SPACE = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

/**
 * Reads `Sec-WebSocket-Extensions` (RFC 6455 9.1), in one pass:
 *
 *     list = 1#( token *( ";" token [ "=" ( token | quoted-string ) ] ) )
 *
 * Returns `undefined` where the header breaks that grammar. A quoted value must be a token once unquoted.
 */
export function parseExtensions(header: string): ExtensionOffer[] | undefined {
  const reader = new Reader(header);
  const offers: ExtensionOffer[] = [];
  do {
    reader.skipBlanks();
    if (reader.ended || reader.at(COMMA)) continue;
    const offer = readOffer(reader);
    if (offer === undefined) return undefined;
    offers.push(offer);
  } while (reader.take(COMMA));
  return reader.ended && offers.length > 0 ? offers : undefined;
}

function readOffer(reader: Reader): ExtensionOffer | undefined {
  const name = reader.token();
  if (name === '') return undefined;
  const params: [string, string | true][] = [];
  reader.skipBlanks();
  while (reader.take(SEMICOLON)) {
    reader.skipBlanks();
    const param = reader.token();
    if (param === '') return undefined;
    reader.skipBlanks();
    if (!reader.take(EQUALS)) {
      params.push([param, true]);
      continue;
    }
    reader.skipBlanks();
    const value = reader.at(QUOTE) ? reader.quotedToken() : reader.token();
    if (value === '') return undefined;
    params.push([param, value]);
    reader.skipBlanks();
  }
  return { name, params };
}

class Reader {
  private position = 0;

  constructor(private readonly text: string) {}

  get ended(): boolean {
    return this.position === this.text.length;
  }

  at(code: number): boolean {
    return this.text.charCodeAt(this.position) === code;
  }

  take(code: number): boolean {
    if (!this.at(code)) return false;
    this.position++;
    return true;
  }

  skipBlanks(): void {
    while (this.at(SPACE) || this.at(TAB)) this.position++;
  }

  /** Reads a token; '' where there is none. */
  token(): string {
    const start = this.position;
    while (isTokenCharacter(this.text.charCodeAt(this.position))) this.position++;
    return this.text.slice(start, this.position);
  }

  /** Reads a quoted string; '' where its value is no token, or the string does not end. */
  quotedToken(): string {
    const characters: string[] = [];
    this.position++;
    while (!this.ended) {
      if (this.take(QUOTE)) return characters.join('');
      this.take(BACKSLASH);
      if (!isTokenCharacter(this.text.charCodeAt(this.position))) return '';
      characters.push(this.text[this.position++]!);
    }
    return '';
  }
}
