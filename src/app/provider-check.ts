import { BootError, handlersOf, moduleOf, pathOf, type Constructor } from '../decorators';
import { isToken, refuseMisplaced } from '../binding';
import {
  checkOptions,
  CIRCULAR_IMPORT,
  judgedElsewhere,
  must,
  options,
  unknownName,
  whyUndefined,
  type Rule,
} from '../connection';
import { describe } from './describe';
import { delayed } from './registrations';

/** Names of NestJS, with their counterparts in Portal. */
const ELSEWHERE = new Map([
  ['provide', 'write token'],
  ['useExisting', 'write useToken'],
  ['inject', 'a factory asks the container, which it is called with: useFactory: (container) => …'],
  ['scope', 'write options: { lifecycle }, of tsyringe'],
]);

const aClass = must('a class', (value) => isClass(value) || isClass(delayed(value)?.target));
const aFactory = must('a function', (value) => typeof value === 'function');

const aToken = must('a class, a string or a symbol', isToken);

const WAYS = { useClass: aClass, useValue: judgedElsewhere, useFactory: aFactory, useToken: aToken };
const LIFECYCLE: Rule = must('one of the Lifecycle of tsyringe', (value) => [0, 1, 2, 3].includes(value as number));
const PROVIDER = { token: aToken, ...WAYS, options: options<{ lifecycle: number }>({ lifecycle: LIFECYCLE }) };

/** `list` names the place, such as `AppModule, providers`. @throws BootError for anything but a provider */
export function checkProvider(provider: unknown, list: string): void {
  if (isClass(provider)) checkProviderClass(provider, list);
  else if (typeof provider === 'object' && provider !== null) checkProviderObject(provider, list);
  else
    throw new BootError(
      `${list}: a provider is a class or an object such as { token: …, useValue: … }, not ${String(provider)}${whyUndefined(provider)}.`,
    );
}

function checkProviderClass(provider: Constructor, list: string): void {
  const { name } = provider;
  if (moduleOf(provider) !== undefined) throw new BootError(`${list}: ${name} is a module. List it under imports.`);
  if (pathOf(provider) !== undefined)
    throw new BootError(`${list}: ${name} is a controller. List it under controllers.`);
  refuseMisplaced(provider);
  const [handler] = handlersOf(provider);
  if (handler === undefined) return;
  throw new BootError(
    `${list}: ${name} has handlers, such as ${handler.method}, which nobody would call. Decorate it with @WebSocketPath('/…'), and list ` +
      'it under controllers.',
  );
}

function checkProviderObject(provider: object, list: string): void {
  const { token } = provider as { token?: never };
  const place = isToken(token) ? `${list}: the provider of ${describe(token)}` : `${list}: a provider`;
  const unknown = Object.keys(provider).find((name) => !Object.hasOwn(PROVIDER, name));
  if (unknown !== undefined) {
    const instead = ELSEWHERE.get(unknown);
    throw new BootError(
      `${place}: ${instead === undefined ? unknownName(unknown, PROVIDER) : `there is no option "${unknown}"; ${instead}`}.`,
    );
  }
  if ('token' in provider && token === undefined) {
    throw new BootError(`${place}: token is undefined; ${CIRCULAR_IMPORT}.`);
  }
  const ways = Object.keys(WAYS).filter((way) => way in provider);
  if (ways.length > 1) throw new BootError(`${place} has ${ways.join(' and ')}. Leave one of them.`);
  const [way] = ways;
  if (way !== undefined && way !== 'useValue' && (provider as Record<string, unknown>)[way] === undefined) {
    throw new BootError(`${place}: ${way} is undefined; ${CIRCULAR_IMPORT}.`);
  }
  try {
    checkOptions(provider, PROVIDER);
  } catch (cause) {
    throw new BootError(`${place}: ${(cause as Error).message}.`, { cause });
  }
  const { useClass } = provider as { useClass?: Constructor };
  if (isClass(useClass) && pathOf(useClass) !== undefined) {
    throw new BootError(`${place}: ${useClass.name} is a controller. List it under controllers.`);
  }
}

/** True for a class or function that `new` can call. An arrow function has no prototype. */
export function isClass(value: unknown): value is Constructor {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}
