import type { ClassTransformOptions, TransformationType } from 'class-transformer';
import type { Constructor } from '../decorators';
import { PortalError, takeRejection } from '../messages';
import { BodyWalk, isObject, REFUSED_NAMES, tooManyKeys, type BodyLimits } from './body-walk';
import { tooManyChecks } from './class-judge';
import type { ClassShapes, Conversion, IncomingProperty } from './class-shape';
import type { Issues } from './issues';
import { PLAIN_TO_CLASS } from './transform-metadata';

/** The options that `@Transform` gets: class-transformer's defaults. */
const OPTIONS: ClassTransformOptions = Object.freeze({
  enableCircularCheck: false,
  enableImplicitConversion: false,
  excludeExtraneousValues: false,
  exposeDefaultValues: false,
  exposeUnsetFields: true,
  ignoreDecorators: false,
});

/** Names of members of every `Map`, which class-transformer loses as keys. */
const OF_MAPS: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Map.prototype));

/** The place of a value: its depth, and whether class-validator checks it. */
interface Place {
  readonly depth: number;
  readonly isChecked: boolean;
}

/**
 * Makes instances of classes from a message, as class-transformer's `plainToInstance` does, in one walk. A property that a class does not
 * know is an issue, and is not read any further; so is a value that cannot be converted.
 */
export class ClassReader {
  private readonly trail: (string | number)[];
  private readonly walk: BodyWalk;
  private checks = 0;
  private mapKeys = 0;

  constructor(
    private readonly shapes: ClassShapes,
    private readonly issues: Issues,
    private readonly limits: BodyLimits,
    private readonly maxChecks: number,
    path: string,
  ) {
    this.trail = path === '' ? [] : [path];
    this.walk = new BodyWalk({ maxDepth: limits.maxDepth, maxKeys: Infinity }, this.trail, REFUSED_NAMES);
  }

  /** `undefined` where no instance can be made. @throws PortalError where the rest need not be read */
  readRoot(type: Constructor, source: object): object | undefined {
    return this.read(type, source, { depth: 1, isChecked: true });
  }

  private read(type: Constructor, source: object, place: Place, discriminator?: string): object | undefined {
    this.walk.refuseTooDeep(place.depth);
    const shape = this.shapes.of(type);
    const instance = this.attempt(() => new (type as new () => Record<string, unknown>)());
    if (instance === undefined) return undefined;
    const { whitelist, forbidNonWhitelisted } = this.shapes.settings;
    // a class without decorators is refused as a whole, later
    const isStrict = place.isChecked && whitelist === true && shape.known.size > 0;
    for (const key of Object.keys(source)) {
      if (REFUSED_NAMES.has(key)) throw this.walk.refusal(key);
      if (key === discriminator || shape.passesOver(key)) continue;
      const property = shape.take(key);
      if (!isStrict || (shape.known.has(property.name) && property.settable)) {
        this.set(instance, property, key, source, place);
      } else if (forbidNonWhitelisted === true) {
        this.refuse(key);
      }
    }
    for (const key of shape.exposed) {
      if (!Object.hasOwn(source, key)) this.set(instance, shape.take(key), key, source, place);
    }
    return instance;
  }

  private set(instance: object, property: IncomingProperty, key: string, source: object, place: Place): void {
    const { name, conversion, transforms, isNested, settable, callsCode } = property;
    const target = instance as Record<string, unknown>;
    if (!settable || typeof target[name] === 'function') return;
    const raw = Object.hasOwn(source, key) ? (source as Record<string, unknown>)[key] : undefined;
    this.trail.push(name);
    let value = raw;
    if (conversion !== undefined) {
      value = this.convert(raw, conversion, { depth: place.depth + 1, isChecked: place.isChecked && isNested });
    } else if (isObject(raw)) {
      this.walk.enter(raw, place.depth + 1);
    }
    if (callsCode) {
      this.attempt(() => {
        for (const transform of transforms) {
          const type = PLAIN_TO_CLASS as TransformationType;
          value = transform({ value, key: name, obj: source, type, options: OPTIONS });
          // an asynchronous one makes a promise of the value, which nobody awaits
          takeRejection(value, () => {});
        }
        target[name] = value;
      });
    } else {
      target[name] = value;
    }
    this.trail.pop();
  }

  private convert(raw: unknown, conversion: Conversion, place: Place): unknown {
    const { into } = conversion;
    if (Array.isArray(raw)) {
      const items = this.items(raw, conversion, place);
      return into === Set ? new Set(items) : items;
    }
    if (into !== Map || !isObject(raw) || raw instanceof Date) return this.one(raw, conversion, place);
    this.walk.refuseTooDeep(place.depth);
    const map = new Map<string, unknown>();
    const inside = { ...place, depth: place.depth + 1 };
    const keys = Object.keys(raw);
    this.mapKeys += keys.length;
    if (this.mapKeys > this.limits.maxKeys) throw tooManyKeys(this.pathOf(), this.limits.maxKeys);
    for (const key of keys) {
      if (REFUSED_NAMES.has(key)) throw this.walk.refusal(key);
      if (OF_MAPS.has(key)) {
        this.refuse(key);
        continue;
      }
      this.trail.push(key);
      map.set(key, this.one((raw as Record<string, unknown>)[key], conversion, inside));
      this.trail.pop();
    }
    return map;
  }

  private items(raw: readonly unknown[], conversion: Conversion, { depth, isChecked }: Place): unknown[] {
    this.walk.refuseTooDeep(depth);
    this.refuseTooMany(raw.length, conversion);
    const inside = { depth: depth + 1, isChecked };
    return raw.map((item, index) => {
      this.trail.push(index);
      const made = this.one(item, conversion, inside);
      this.trail.pop();
      return made;
    });
  }

  /** Counts objects before they are made: many of them would take long, and their issues are found later. */
  private refuseTooMany(count: number, conversion: Conversion): void {
    if (conversion.to !== 'class') return;
    this.checks += count * this.shapes.checksOf(conversion.type).length;
    if (this.checks > this.maxChecks) throw tooManyChecks(this.pathOf());
  }

  private one(raw: unknown, conversion: Conversion, place: Place): unknown {
    if (conversion.to === 'value') {
      if (isObject(raw)) this.walk.enter(raw, place.depth);
      return this.attempt(() => valueOf(raw, conversion.type));
    }
    if (Array.isArray(raw)) return this.items(raw, conversion, place);
    // bytes and dates, as MessagePack brings them, are no data of a class
    if (!isObject(raw) || raw instanceof Date) return raw;
    if (conversion.to === 'class') return this.read(conversion.type, raw, place);
    const { property, kinds, keeps } = conversion;
    const kind = Object.hasOwn(raw, property) ? (raw as Record<string, unknown>)[property] : undefined;
    const type = kinds.get(kind);
    if (type !== undefined) return this.read(type, raw, place, keeps ? undefined : property);
    const names = [...kinds.keys()].join(', ');
    this.issues.add(this.pathOf(property), 'isIn', `${property} must be one of the following values: ${names}`);
    return undefined;
  }

  private refuse(key: string): void {
    this.issues.add(this.pathOf(key), 'whitelistValidation', `property ${key} should not exist`);
  }

  private pathOf(...keys: string[]): string {
    return [...this.trail, ...keys].join('.');
  }

  /** Calls users' code. Its error is an issue of the value, unless it is a `PortalError`. */
  private attempt<T>(make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      if (error instanceof PortalError) throw error;
      takeRejection(error, () => {});
      const path = this.pathOf();
      this.issues.add(path, 'transformation', `${path || 'data'} cannot be read`);
      return undefined;
    }
  }
}

/** Converts a value as class-transformer does. The conversion of an object may throw. */
const VALUES = new Map<unknown, (raw: never) => unknown>([
  [String, String],
  [Number, Number],
  [Boolean, Boolean],
  [Date, (raw: number) => new Date(raw)],
  [Buffer, (raw: Uint8Array) => Buffer.from(raw)],
]);

function valueOf(raw: unknown, type: unknown): unknown {
  return raw === null || raw === undefined ? raw : VALUES.get(type)!(raw as never);
}
