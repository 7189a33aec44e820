import findMyWay from 'find-my-way';

export interface Match<Endpoint> {
  readonly endpoint: Endpoint;
  readonly params: Readonly<Record<string, string>>;
}

/** Longest path parameter in characters; the header limit bounds the whole path. */
const MAX_PARAM_LENGTH = 16 * 1024;

/** Finds the endpoint of a path among patterns such as `/rooms/:room`; a static part wins over a parameter. */
export class Router<Endpoint> {
  private readonly routes = findMyWay({ maxParamLength: MAX_PARAM_LENGTH, querystringParser: () => ({}) });

  /** @throws Error when the pattern is malformed or taken */
  add(pattern: string, endpoint: Endpoint): void {
    if (/(?<!:):(?![A-Za-z_:])/.test(pattern)) throw new Error(`the path ${pattern} has a parameter without a name`);
    this.routes.on('GET', pattern, () => {}, endpoint);
  }

  /** Parameters come percent-decoded; a path that cannot be decoded matches nothing. */
  find(path: string): Match<Endpoint> | undefined {
    const found = this.routes.find('GET', path);
    if (found === null || found.store === null) return undefined;
    return { endpoint: found.store as Endpoint, params: found.params as Record<string, string> };
  }
}
