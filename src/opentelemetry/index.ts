/// <reference types="node" preserve="true" />
export { openTelemetry, type OpenTelemetryOptions } from './open-telemetry';
