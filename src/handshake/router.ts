import findMyWay from 'find-my-way';

export interface Match<Endpoint> {
  readonly endpoint: Endpoint;
  readonly params: Readonly<Record<string, string>>;
}

/** One for all connections whose path has none. */
const NO_PARAMS = Object.freeze(Object.create(null) as Record<string, string>);

/** Longest path parameter in characters; the header limit bounds the whole path. */
const MAX_PARAM_LENGTH = 16 * 1024;

/** Finds the endpoint of a path among patterns such as `/rooms/:room`; a static part wins over a parameter. */
export class Router<Endpoint> {
  private readonly routes = findMyWay({ maxParamLength: MAX_PARAM_LENGTH, querystringParser: () => ({}) });

  /** @throws Error when the pattern is malformed or taken */
  add(pattern: string, endpoint: Endpoint): void {
    const mistake = mistakeIn(pattern);
    if (mistake !== undefined) throw new Error(`the path ${pattern} has ${mistake}`);
    this.routes.on('GET', pattern, () => {}, endpoint);
  }

  /** Parameters come percent-decoded, and are never empty; a path that cannot be decoded matches nothing. */
  find(path: string): Match<Endpoint> | undefined {
    const found = this.routes.find('GET', path);
    if (found === null || found.store === null || lacksValue(found.params)) return undefined;
    return { endpoint: found.store as Endpoint, params: hasKeys(found.params) ? found.params : NO_PARAMS };
  }
}

/** What an asterisk stands for may be empty, such as the rest of a path. */
function lacksValue(params: Record<string, string | undefined>): boolean {
  for (const name in params) if (params[name] === '' && name !== '*') return true;
  return false;
}

function hasKeys(params: Record<string, string | undefined>): params is Record<string, string> {
  for (const _ in params) return true;
  return false;
}

/** What find-my-way lets pass, and what would never match or lose a value. */
function mistakeIn(pattern: string): string | undefined {
  if (/(?<!:):(?![A-Za-z_:])/.test(pattern)) return 'a parameter without a name';
  if (/[?#](?=.)|#/.test(pattern.replace(/\([^)]*\)/g, ''))) return 'a query or a fragment, which belong to no path';
  const names = [...pattern.matchAll(/(?<!:):([A-Za-z_]\w*)/g)].map(([, name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined ? undefined : `the parameter :${twice} twice`;
}
