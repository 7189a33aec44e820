import findMyWay from 'find-my-way';
import { compilePattern } from './pattern';

export interface Match<Endpoint> {
  readonly endpoint: Endpoint;
  readonly params: Readonly<Record<string, string>>;
}

/** One object for all connections without parameters. */
const NO_PARAMS = Object.freeze(Object.create(null) as Record<string, string>);

/** The longest path parameter in characters. The limit on headers bounds the whole path. */
const MAX_PARAM_LENGTH = 16 * 1024;

/**
 * Finds the endpoint of a path among patterns such as `/rooms/:room`. A static part wins over a parameter. A parameter has at
 * least one character, so `/rooms/` is another path; only the rest that `*` matches may be empty.
 */
export class Router<Endpoint> {
  private readonly routes = findMyWay({
    maxParamLength: MAX_PARAM_LENGTH,
    querystringParser: () => ({}),
    constraints: { search: { name: 'search', storage: () => new Leaf(), deriveConstraint: () => ANY } },
  });

  /** @throws Error when the pattern is malformed or taken */
  add(pattern: string, endpoint: Endpoint): void {
    const compiled = compilePattern(pattern);
    try {
      this.routes.on('GET', compiled, { constraints: { search: ANY } }, () => {}, endpoint);
    } catch (error) {
      if (error instanceof EvalError) throw new Error(NO_CODE, { cause: error });
      if ((error as Error).message.includes('already declared'))
        throw new Error(`the path ${pattern} is served already`, { cause: error });
      throw error;
    }
  }

  /**
   * Parameters are percent-decoded; a path that cannot be decoded matches nothing. A static part matches in any encoding (RFC 3986
   * 6.2.2.2), although find-my-way leaves delimiters encoded. `/`, `?` and `#` stay encoded, and so part of a parameter.
   */
  find(path: string): Match<Endpoint> | undefined {
    const match = this.match(path);
    if (match !== undefined || !path.includes('%')) return match;
    const decoded = path.replace(NO_DELIMITER, decodeURIComponent);
    return decoded === path ? undefined : this.match(decoded);
  }

  private match(path: string): Match<Endpoint> | undefined {
    const search = new Search();
    for (;;) {
      const found = this.routes.find('GET', path, { search });
      if (found === null || found.store === null) return undefined;
      const { params } = found;
      if (!hasEmpty(params)) return { endpoint: found.store as Endpoint, params: hasKeys(params) ? params : NO_PARAMS };
      search.turnDown();
    }
  }
}

/** `$ & + , : ; = @` in encoded form. A path may have these characters unencoded (RFC 3986 3.3). */
const NO_DELIMITER = /%(?:2[46bc]|3[abd]|40)/gi;

/** The constraint of all routes: with a constraint, find-my-way calls `Leaf.get`. */
const ANY = 'any';

/** The search for one path, past routes that would match with an empty parameter: find-my-way would return the first of them. */
class Search {
  private latest: Leaf | undefined;
  private readonly turnedDown = new Set<Leaf>();

  turnDown(): void {
    if (this.latest !== undefined) this.turnedDown.add(this.latest);
  }

  reaches(leaf: Leaf): boolean {
    if (this.turnedDown.has(leaf)) return false;
    this.latest = leaf;
    return true;
  }
}

/** The end of one route in find-my-way's tree. Its `get` returns null for a route that was turned down. */
class Leaf {
  private route: RouteMark | null = null;

  get(search: unknown): RouteMark | null {
    return search instanceof Search && !search.reaches(this) ? null : this.route;
  }

  set(_search: unknown, route: RouteMark): void {
    this.route = route;
  }
}

/** Kept for find-my-way, and never read here. */
type RouteMark = findMyWay.Handler<findMyWay.HTTPVersion.V1>;

function hasEmpty(params: Record<string, string | undefined>): boolean {
  for (const name in params) if (params[name] === '' && name !== '*') return true;
  return false;
}

/** find-my-way compiles patterns with `new Function`. */
const NO_CODE =
  'paths cannot be compiled where Node runs with --disallow-code-generation-from-strings: start it without that flag ' +
  '(docs/guide/deployment.md)';

function hasKeys(params: Record<string, string | undefined>): params is Record<string, string> {
  for (const _ in params) return true;
  return false;
}
