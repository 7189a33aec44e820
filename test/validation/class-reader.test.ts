import { isDeepStrictEqual } from 'node:util';
import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import * as cv from 'class-validator';
import * as fc from 'fast-check';
import { classCheck, isValidated } from '../../src/validation/class-check';
import { outcomeOf } from '../support/checks';
import { useFastContainer } from '../support/fast-container';
import { anyClasses, classOf, valuesFor, type Dto } from '../binding/dto-arbitraries';
import { DEFAULT_LIMITS } from '../../src/engine';

useFastContainer();

const STRICT = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true };

/** `thrown`: class-transformer throws for the value. */
type Outcome = { value: object } | { issues: [string, string, string][] };

/** What class-transformer and class-validator say and make of a value. */
async function oracle(type: Dto, value: object): Promise<Outcome> {
  let instance: object;
  try {
    instance = plainToInstance(type, value);
  } catch {
    return { issues: [['', 'thrown', '']] };
  }
  const errors = await cv.validate(instance, STRICT);
  if (errors.length === 0) return { value: instance };
  const flatten = (all: cv.ValidationError[], parent: string): [string, string, string][] =>
    all.flatMap(({ property, constraints: broken = {}, children = [] }) => {
      const path = [parent, property].filter(Boolean).join('.');
      const own = Object.entries(broken).map(([name, text]): [string, string, string] => [path, name, text]);
      return [...own, ...flatten(children, path)];
    });
  return { issues: flatten(errors, '').sort() };
}

async function ours(check: ReturnType<typeof classCheck>, value: object): Promise<Outcome> {
  const outcome = await outcomeOf(check, value);
  if ('value' in outcome) return { value: outcome.value as object };
  return {
    issues: outcome.issues
      .flatMap(({ path, constraints: broken }) =>
        Object.entries(broken).map(([name, text]): [string, string, string] => [path, name, text]),
      )
      .sort(),
  };
}

/** Dates that are none equal nothing. */
function inTime(value: unknown): unknown {
  if (value instanceof Date) return ['date', value.getTime()];
  if (Array.isArray(value)) return value.map(inTime);
  if (value instanceof Set || value instanceof Map) return [value.constructor, [...value].map(inTime)];
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([key, inside]) => [key, inTime(inside)]);
}

describe('against class-transformer and class-validator, strict', () => {
  test('what they accept is accepted, and the same is made of it; what they refuse is refused for the same', async () => {
    let accepted = 0;
    let refused = 0;
    const classes = anyClasses.chain((spec) =>
      fc.tuple(fc.constant(spec), fc.array(valuesFor(spec), { minLength: 10, maxLength: 30 })),
    );
    await fc.assert(
      fc.asyncProperty(classes, async ([spec, values]) => {
        const type = classOf(spec);
        fc.pre(isValidated(type));
        // fields that are there without being sent, which class-validator takes for unknown, and what cannot be set
        const known = new Set(
          cv
            .getMetadataStorage()
            .getTargetValidationMetadatas(type, '', false, false)
            .map(({ propertyName }) => propertyName),
        );
        fc.pre(Object.keys(new type()).every((name) => known.has(name)));
        const members = [...spec.own, ...spec.inherited];
        fc.pre(members.every(({ member }) => !['method', 'getter', 'arrow'].includes(member)));
        const check = classCheck(type, {}, DEFAULT_LIMITS);
        for (const value of values) {
          if (Object.getPrototypeOf(value) !== Object.prototype) continue;
          // of which class-transformer makes empty ones
          if (Object.values(value).some((item) => item instanceof Uint8Array)) continue;
          // names that every object has are refused
          if (
            JSON.stringify(value, (key, inside: unknown) => (key in Object.prototype ? 'ODD' : inside)).includes('ODD')
          )
            continue;
          if (Object.keys(value).some((name) => name in Object.prototype || name === 'prototype')) continue;
          // class-transformer sets what has a setter, and class-validator does not see it; here what no decorator names is unknown
          if (members.some(({ name, member, rules }) => member === 'accessor' && rules.length === 0 && name in value))
            continue;
          // a property that is sent under both of its names: which of them counts is the order of keys
          if ('alias' in value && members.some(({ name, transformer }) => transformer !== undefined && name in value))
            continue;
          const theirs = await oracle(type, value);
          const own = await ours(check, value);
          // an unknown value is not there to be asked for by the conditions of others
          const isUnknown = 'issues' in theirs && JSON.stringify(theirs).includes('whitelistValidation');
          if ('issues' in own && (isUnknown || ('issues' in theirs && theirs.issues[0]?.[1] === 'thrown'))) {
            if (isUnknown) expect(JSON.stringify(own)).toContain('whitelistValidation');
            refused++;
            continue;
          }
          const [a, b] = [own, theirs].map((outcome) => ('issues' in outcome ? outcome.issues : outcome.value));
          if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b) || !isDeepStrictEqual(inTime(a), inTime(b))) {
            throw new Error(`${JSON.stringify(value)}: ${JSON.stringify(own)} instead of ${JSON.stringify(theirs)}`);
          }
          if ('issues' in own) refused++;
          else accepted++;
        }
      }),
      { numRuns: 400 },
    );
    expect(Math.min(accepted, refused)).toBeGreaterThan(100);
  });
});
