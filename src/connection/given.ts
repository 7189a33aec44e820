/** Options with all their defaults. */
export type Resolved<Options> = { readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined> };

/** Options without those that are undefined. */
export type Given<Options> = { [Name in keyof Options]?: Exclude<Options[Name], undefined> };

/** What is set of some options: one that is undefined means what an absent one does, and hides no default. */
export function given<Options extends object>(options: Options): Given<Options> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<Options>;
}
