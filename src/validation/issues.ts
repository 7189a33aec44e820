import { PortalError } from '../messages';

/** The violated constraints of one property of a message. */
export interface Issue {
  /** The place of the property, such as `items.0.name`; '' for the whole body. */
  readonly path: string;
  /** Error messages by the names of their constraints, such as `{ isString: 'text must be a string' }`. */
  readonly constraints: Readonly<Record<string, string>>;
}

/** The most issues of an error reply, so that no reply is much longer than its request. */
export const MAX_ISSUES = 100;
export const MAX_DETAILS_BYTES = 16 * 1024;

/** The most characters of a path or a message. Peers choose names, and messages may quote values. */
const MAX_TEXT = 400;

/** `{"path":"","constraints":{}},` and `"":"",` */
const BYTES_OF_ISSUE = 30;
const BYTES_OF_CONSTRAINT = 6;

/** The first issues that are found in one message. */
export class Issues {
  private readonly found = new Map<string, Record<string, string>>();
  private bytes = 2;
  private shortened = false;

  get isEmpty(): boolean {
    return this.found.size === 0;
  }

  /** @throws PortalError with all issues, where there is no room for another */
  add(path: string, constraint: string, message: string): void {
    const place = this.short(path);
    const [name, text] = [this.short(constraint), this.short(message)];
    const constraints = this.found.get(place);
    let bytes = bytesOf(name) + bytesOf(text) + BYTES_OF_CONSTRAINT;
    if (constraints === undefined) bytes += bytesOf(place) + BYTES_OF_ISSUE;
    const isOver = this.bytes + bytes > MAX_DETAILS_BYTES;
    if (isOver || (constraints === undefined && this.found.size === MAX_ISSUES)) throw this.failure(true);
    this.bytes += bytes;
    if (constraints === undefined) this.found.set(place, { [name]: text });
    else constraints[name] = text;
  }

  /** The error with the issues as `details`. */
  failure(truncated = this.shortened): PortalError {
    const details: Issue[] = [...this.found].map(([path, constraints]) => ({ path, constraints }));
    return new PortalError('validation_failed', undefined, { details, truncated });
  }

  private short(text: string): string {
    if (text.length <= MAX_TEXT) return text;
    this.shortened = true;
    return `${text.slice(0, MAX_TEXT)}…`;
  }
}

/** The error for one issue. */
export function invalid(path: string, constraint: string, message: string): PortalError {
  const issues = new Issues();
  issues.add(path, constraint, message);
  return issues.failure();
}

export function joinPath(path: string, key: string | number): string {
  return path === '' ? String(key) : `${path}.${key}`;
}

/** Bytes of a text as JSON, which is never shorter than MessagePack. */
function bytesOf(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}
