/** Options with all their defaults. */
export type Resolved<Options> = { readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined> };

/** Options without those that are undefined. */
export type Given<Options> = { [Name in keyof Options]?: Exclude<Options[Name], undefined> };

/** The options without those that are undefined, which mean the same as absent ones and hide no default. */
export function given<Options extends object>(options: Options): Given<Options> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<Options>;
}
