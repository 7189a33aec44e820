import {
  Catch,
  ForbiddenError,
  injectable,
  PortalError,
  type Context,
  type ExceptionFilter,
  type Interceptor,
} from 'portal-ws';
import { Time } from './time';

export interface AuditEntry {
  /** ISO 8601. */
  readonly time: string;
  readonly user: string;
  /** An event, or `open` and `close`. */
  readonly action: string;
  /** `ok`, or the code of the error. */
  readonly outcome: string;
}

export const MAX_ENTRIES = 1000;

/** The latest entries of the audit log, in memory. */
@injectable()
export class AuditLog {
  private readonly log: AuditEntry[] = [];

  constructor(private readonly time: Time) {}

  get entries(): readonly AuditEntry[] {
    return this.log;
  }

  record({ connection, event, kind }: Context, outcome: string): void {
    const time = new Date(this.time.now()).toISOString();
    this.log.push({ time, user: connection.user?.id ?? '', action: event ?? kind, outcome });
    if (this.log.length > MAX_ENTRIES) this.log.shift();
  }
}

/** Logs each call and its outcome. */
@injectable()
export class AuditInterceptor implements Interceptor {
  constructor(private readonly log: AuditLog) {}

  async intercept(context: Context, next: () => unknown): Promise<unknown> {
    try {
      const result = await next();
      this.log.record(context, 'ok');
      return result;
    } catch (error) {
      this.log.record(context, error instanceof PortalError ? error.code : (error as Error).name);
      throw error;
    }
  }
}

/** Logs refusals of guards, which no interceptor sees. */
@Catch(ForbiddenError)
export class AuditFilter implements ExceptionFilter<ForbiddenError> {
  constructor(private readonly log: AuditLog) {}

  catch(error: ForbiddenError, context: Context): never {
    this.log.record(context, error.code);
    throw error;
  }
}
