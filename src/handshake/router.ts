import findMyWay from 'find-my-way';
import { compilePattern } from './pattern';

export interface Match<Endpoint> {
  readonly endpoint: Endpoint;
  readonly params: Readonly<Record<string, string>>;
}

/** One for all connections whose path has none. */
const NO_PARAMS = Object.freeze(Object.create(null) as Record<string, string>);

/** Longest path parameter in characters; the header limit bounds the whole path. */
const MAX_PARAM_LENGTH = 16 * 1024;

/**
 * Finds the endpoint of a path among patterns such as `/rooms/:room`; a static part wins over a parameter. A parameter is at least one
 * character: `/rooms/` is another path. Only the rest, which `*` takes, may be empty.
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
   * Parameters come percent-decoded; a path that cannot be decoded matches nothing. A static part matches in whatever encoding (RFC 3986
   * 6.2.2.2), where find-my-way decodes all but what may be a delimiter; `/` and its kin remain encoded, and so part of a parameter.
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

/** `$ & + , : ; = @`, which a path may have as they are (RFC 3986 3.3). */
const NO_DELIMITER = /%(?:2[46bc]|3[abd]|40)/gi;

/** What routes are registered with; that there is one lets find-my-way ask their leaves. */
const ANY = 'any';

/** Looks for the route of one path, past those that match it but for an empty parameter: find-my-way would take the first of them. */
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

/** The end of one route in find-my-way's tree, which asks here whether the route is the one. */
class Leaf {
  private route: RouteMark | null = null;

  get(search: unknown): RouteMark | null {
    return search instanceof Search && !search.reaches(this) ? null : this.route;
  }

  set(_search: unknown, route: RouteMark): void {
    this.route = route;
  }
}

/** Opaque: kept for find-my-way. */
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
