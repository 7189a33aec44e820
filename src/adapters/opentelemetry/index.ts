/// <reference types="node" preserve="true" />
export { type OpenTelemetryOptions, openTelemetry } from './open-telemetry';
