import { PortalError } from '../engine';

/** What is wrong with one property of a message. */
export interface Issue {
  /** Such as `items.0.name`; '' for the whole. */
  readonly path: string;
  /** What it must be, by the name of the constraint. */
  readonly constraints: Readonly<Record<string, string>>;
}

/** The error whose reply lists every issue under `details`. */
export function validationFailed(issues: readonly Issue[]): PortalError {
  return new PortalError('validation_failed', undefined, { details: issues });
}

export function issue(path: string, constraint: string, message: string): Issue {
  return { path, constraints: { [constraint]: message } };
}
